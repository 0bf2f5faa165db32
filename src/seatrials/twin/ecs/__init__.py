"""ECS on Fargate: services, deployments, tasks, and what runs in them."""
