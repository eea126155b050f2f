"""The program: what runs, and when."""
