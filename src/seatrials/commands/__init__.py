"""What each command of `seatrials` takes, and what it calls for that: by what commands are for.

A command imports what it alone needs when it is called: the others, and the servers among them, start sooner.
"""
