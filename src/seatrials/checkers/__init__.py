"""The contract as a machine reads it, and the checkers that hold everything that happened against it.

A checker is a pure function from a story, which is a history with its requests understood, to findings. Every scenario
is judged by all of them beside its own assertions (`judge.py`); one that lacks what it needs is not asked.
"""
