"""What a writer of queries wants to know: what surprises, what a query means, what each part of it brings."""
