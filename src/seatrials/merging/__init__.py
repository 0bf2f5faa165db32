"""One run's evidence out of that of its shards, which ran on several machines."""
