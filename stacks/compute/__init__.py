"""The pools: how their nodes start, and how spot notices arrive."""
