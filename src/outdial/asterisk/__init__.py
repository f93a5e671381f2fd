"""The switch: Asterisk installed, configured, supervised and spoken to over ARI. Must not know the store or the API."""
