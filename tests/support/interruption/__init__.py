"""Runs on a rehearsal that are interrupted, and the comparison of all that they could have changed."""
