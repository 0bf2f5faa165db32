"""What breaks the rows of ROUTE: requests and where they go."""
