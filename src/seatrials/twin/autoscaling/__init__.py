"""CloudWatch alarms, and Application Auto Scaling that acts on them."""
