"""A query's text → its tree."""
