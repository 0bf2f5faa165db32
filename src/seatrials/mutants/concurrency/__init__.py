"""What breaks the rows of CONC: several sessions at once."""
