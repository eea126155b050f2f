"""How what is remembered lies in tables: their columns, and rows as posts and posts as rows."""
