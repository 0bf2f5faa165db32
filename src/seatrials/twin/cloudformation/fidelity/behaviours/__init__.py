"""What AWS does and what the twin makes of it, behaviour by behaviour, each with the tests that hold it."""
