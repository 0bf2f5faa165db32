"""CloudFormation: a template read, resolved and deployed to moto, resource by resource."""
