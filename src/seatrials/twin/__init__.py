"""The data plane that moto lacks: AWS as it acts, on virtual time. Knows AWS, not Webordinary."""
