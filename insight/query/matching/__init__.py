"""A tree, asked of posts: does it hold, where, and by which keys it is found."""
