"""Deliveries on their way to channels, and what is known of each channel."""
