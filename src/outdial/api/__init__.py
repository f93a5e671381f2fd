"""The HTTP API: its URLs, bodies, tokens and answers. Must not know the store or the switch: they come as ports."""
