"""Conformance suites, their own data beside the project or anywhere, tried on the readers."""
