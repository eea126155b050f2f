"""The inside world, told. CHANNELS is the whole catalogue."""
