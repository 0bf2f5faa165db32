"""The network of a VPC as it acts: addresses, routes and gateways, security groups, network ACLs, endpoints."""
