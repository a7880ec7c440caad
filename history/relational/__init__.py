"""History in the relational database: the head of newest rows, and chunks of sealed days."""
