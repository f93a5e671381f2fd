"""The schema's history, one file a revision, oldest first. Must not import today's tables: they change."""
