"""The figures of a run, sent to AWS."""
