"""Delivers events to other programs over HTTP. Must not know the database, the API or the switch."""
