"""Hours in which a watch has far more mentions than is usual for it."""
