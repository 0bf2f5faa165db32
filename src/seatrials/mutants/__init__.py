"""Broken platforms: each must be noticed by the scenario whose requirement it breaks.

Mutants are filed by suite, in the order of the catalogue's rows: one file for a suite, or a folder of the suite with
a file for each run of rows, named by the first and the last. To find what breaks PERS-07, open
`persistence/pers_01_to_08.py`. A mutant is a decorated function whose docstring says what is wrong, or a line of the
table of its row.
"""

from seatrials.mutants.collection import Mutants
from seatrials.mutants.mutant import Mutant, calibrate, edit_template, lifeless, memory_of, replace, skip, wrap

__all__ = ["Mutant", "Mutants", "calibrate", "edit_template", "lifeless", "memory_of", "replace", "skip", "wrap"]
