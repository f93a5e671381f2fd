"""Requests to addresses that tenants name: guarded, bounded, told in few words. Must not know what they are for."""
