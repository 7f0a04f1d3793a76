"""From pressure to nodes and back."""
