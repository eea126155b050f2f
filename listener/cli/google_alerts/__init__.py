"""Google Alerts brought over: export and feeds read, queries translated, entries written into the config."""
