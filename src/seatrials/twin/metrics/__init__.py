"""CloudWatch's metrics: data points, statistics of them, and metric math."""
