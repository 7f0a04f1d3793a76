"""The VPC of an environment: subnets, endpoints, the link to the site, names, what may pass."""
