"""The past replayed: what a policy would have cost, and how long jobs would have waited."""
