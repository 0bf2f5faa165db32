"""Time and wires of a world: its clock, its network, and the ways in and out of it."""
