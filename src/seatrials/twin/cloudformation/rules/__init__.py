"""What AWS refuses of a template beyond a resource's own form: what crosses resources, and what no schema says."""

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.cloudformation.rules.table import RULES, broken

__all__ = ["RULES", "Declarations", "Declared", "Rule", "broken"]
