"""Recurrent sequence-to-sequence translation."""
