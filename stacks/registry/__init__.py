"""The labs' container images."""
