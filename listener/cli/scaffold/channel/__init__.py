"""The template of a channel, and of what belongs to it."""
