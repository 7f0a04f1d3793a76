"""What Pulumi is told to build."""
