"""What the twin does with each property of a template, and what of it is told to whoever uses the template."""
