"""Mutants that nobody chose: small changes to the code of the mock platform, made by rules.

`operators` says which changes, `source` finds where they can be made, and `verdicts` keeps what people found out about
those that no scenario kills.
"""
