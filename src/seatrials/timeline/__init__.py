"""What happened on the platform while a scenario ran, as a page to look at and as a file for other tools."""
