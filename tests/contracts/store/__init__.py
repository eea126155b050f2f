"""One suite for every database that can be the store."""
