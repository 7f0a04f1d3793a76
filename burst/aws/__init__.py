"""The cloud port over EC2."""
