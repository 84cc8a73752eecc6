"""Text to prepared corpus."""
