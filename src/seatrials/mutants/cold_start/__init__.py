"""What breaks the rows of COLD: a session between nothing running, a live preview, and nothing running again."""
