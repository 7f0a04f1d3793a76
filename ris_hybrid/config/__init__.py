"""What people write: allocations and burst.yaml, read with errors that name file, line and field."""
