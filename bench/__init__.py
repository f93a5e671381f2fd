"""What the service costs: measured against a bare driver that makes the same call by hand on the same switch."""
