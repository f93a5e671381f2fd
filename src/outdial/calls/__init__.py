"""Use cases, one a file, and the engine that drives calls. Knows the domain and its own ports, no adapter."""
