"""The dashboard and the alarms on the figures of runs, as code: what is wanted, what is there, and the difference."""
