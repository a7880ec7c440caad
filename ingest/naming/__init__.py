"""Giving names from outside a Metric: aliases, and what people decide about discovered names."""
