"""History on ClickHouse, under a spool in the relational database."""
