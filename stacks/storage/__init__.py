"""The allocations' buckets and keys, and fast scratch."""
