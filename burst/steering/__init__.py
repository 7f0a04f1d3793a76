"""Chosen jobs to the cloud nodes and back: which moves, and how they are made."""
