"""What people have: a database and a config of the landed version come up on the present code."""
