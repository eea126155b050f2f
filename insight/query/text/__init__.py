"""What a text is made of, and how texts are compared."""
