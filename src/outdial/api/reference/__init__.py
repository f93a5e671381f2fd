"""What the API says of itself: its OpenAPI document, written by hand where the domain parses, and a page to read."""
