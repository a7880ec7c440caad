"""Readings coming in: a parser per format, one set of checks on rows, and one door to storage."""
