"""Where calls and the directory are kept: SQLite or PostgreSQL. Must not know the switch or the API."""
