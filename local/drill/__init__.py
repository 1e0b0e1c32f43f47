"""Drills: the night of `make demo` with one fault at a minute of its clock, and what is expected of it."""
