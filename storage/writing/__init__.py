"""One batch in one transaction: merged with what is known, written as differences, counted by exact deltas."""
