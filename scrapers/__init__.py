"""The outside world, read. KINDS is the whole catalogue."""
