"""Sources that have gone silent, fail or have stopped, and what a week lacks because of them."""
