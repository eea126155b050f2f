"""What a post says: its language, its sentiment, the story it belongs to."""

VERSION = "1"
"""Raised with each change of words or rules that changes what is understood of a post.

What is stored with another one is understood anew before anything is compared with it, and signals keep it, so that a
replay knows what it replays.
"""
