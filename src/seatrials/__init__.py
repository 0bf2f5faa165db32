"""Decides whether a release of the Webordinary platform may go out."""
