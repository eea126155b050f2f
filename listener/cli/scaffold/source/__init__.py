"""The template of a source, and of what belongs to it."""
