"""Settings of every unit test."""

from hypothesis import settings

# The same examples in every run, and no limit of real time: a machine that is busy with something else is no defect.
settings.register_profile("seatrials", deadline=None, derandomize=True)
settings.load_profile("seatrials")
