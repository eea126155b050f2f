"""What a post says: its language, its sentiment, the story it belongs to."""
