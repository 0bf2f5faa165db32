"""From evidence on disk to a decision: go, no-go, or cannot tell."""
