"""The reference pages of docs/reference, made of the code that they are about."""
