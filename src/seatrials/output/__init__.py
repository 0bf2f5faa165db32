"""What a command shows: text for people, or JSON for programs."""
