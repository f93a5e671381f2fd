"""Tells CRMs of calls that ended: a Salesforce task, or any HTTP request. Must not know the database or the API."""
