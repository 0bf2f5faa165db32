"""Broken platforms: each must be noticed by the scenario whose requirement it breaks."""

from seatrials.mutants.mutant import Mutant, calibrate, edit_template, lifeless, replace

__all__ = ["Mutant", "calibrate", "edit_template", "lifeless", "replace"]
