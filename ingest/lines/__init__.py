"""InfluxDB's write API: line protocol, and the addresses that its clients know."""
