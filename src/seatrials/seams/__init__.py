"""The seams at which a world is virtual or real: how code waits, talks, and is given an application."""
