"""Health, metrics and the control door of the running daemon, on loopback."""
