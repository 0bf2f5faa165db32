"""What breaks the rows of PERS: the files of a workspace, and who may have them."""
