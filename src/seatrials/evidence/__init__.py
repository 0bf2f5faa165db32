"""What was seen in a run: written down as it happens, and read again, by the same words."""
