"""The lecture on recurrent networks, measured: each module is a section of docs/lesson.md."""
