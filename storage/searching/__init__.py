"""Reading posts and mentions: by filter and page, and by a query of words."""
