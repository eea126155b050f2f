"""What the doors are made of: the address guard, pace, robots, redirects, bodies."""
