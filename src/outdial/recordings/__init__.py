"""Keeps recordings: sealed, stored, proved, and erased when they must be. Must not know the database or the API."""
