"""A simulated market on the loopback, for people to try and for tests to use: invented products, and nobody is real."""
