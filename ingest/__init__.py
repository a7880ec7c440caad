"""The ways in for readings: a parser for each format, then one check and one door to the store."""
