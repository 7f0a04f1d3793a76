"""What no plan may break."""
