"""Imports of files in any layout: which Metric each series goes to, and storing it in pieces."""
