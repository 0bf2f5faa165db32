"""The environments that scenarios run on: their model, their file, and what variables and stacks say of them."""
