"""The management API: accounts and what belongs to them, for administrators. Must not know the store or the switch."""
