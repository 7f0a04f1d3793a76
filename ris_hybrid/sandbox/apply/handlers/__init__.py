"""One handler for each resource type our stacks register, by family; ``every`` has them all (sandbox)."""
