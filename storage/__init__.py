"""What is remembered: posts, counts, sources, themes, signals, deliveries; on SQLite or Postgres."""
