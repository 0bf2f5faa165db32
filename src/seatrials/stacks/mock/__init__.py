"""The mock: the whole platform inside one process, on virtual time."""
