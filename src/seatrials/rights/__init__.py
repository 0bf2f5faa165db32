"""What is done on AWS for each purpose, as it was recorded, and the IAM policies that allow that and nothing else."""
