"""What makes a machine a host of the cluster, on any cloud: its user data, and the scripts that it carries."""
