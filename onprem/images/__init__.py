"""Copies container images between registries by programs on this host: skopeo, or crane."""
