"""Which instance types, or pools, and how many nodes of each serve a set of jobs for the least money: pure."""
