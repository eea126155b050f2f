"""SQLite and Postgres: what differs between them, behind one `Database`."""
