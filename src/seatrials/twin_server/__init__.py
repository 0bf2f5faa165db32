"""The living platform as a server process on the loopback, for every client that can reach AWS."""
