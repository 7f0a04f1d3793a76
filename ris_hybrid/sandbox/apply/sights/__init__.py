"""What AWS shows of each resource type, so that a change behind our back is seen (sandbox)."""
