"""The ways in for readings: a parser for each format, one set of checks, one door to storage."""
