"""Exploration: load and faults that a seed draws, on a world of its own each, with all checkers after every step.

`schedule.py` is what is done, step by step; `users.py` whoever uses the platform meanwhile; `voyage.py` a schedule on a
world; `hunt.py` one seed, whose failing schedule is made shorter; `coverage.py` what was met; `command.py` many seeds.
"""
