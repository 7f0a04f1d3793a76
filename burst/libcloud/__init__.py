"""The cloud port over apache-libcloud: OpenStack, Google's Compute Engine, and what else has a driver."""
