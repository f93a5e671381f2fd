"""A small world to call in: phones and parties that behave as their numbers say. Must not know the other adapters."""
