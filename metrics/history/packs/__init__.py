"""Sealed history of the relational engine: one row for each Metric and UTC day."""
