"""A real stack, or a rehearsal of one, for the length of a run, with its rails."""
