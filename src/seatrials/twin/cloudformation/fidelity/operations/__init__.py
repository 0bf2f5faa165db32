"""What the twin does with each operation that changes something, and what of it is told to whoever calls it."""
