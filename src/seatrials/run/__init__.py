"""A run of the scenarios: the pytest plugin, and what it reports."""
