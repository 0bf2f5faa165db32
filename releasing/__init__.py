"""What a release of seatrials is given besides its wheel and its sdist: docs/releasing.md tells when it is made."""
