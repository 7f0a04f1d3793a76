"""Sandbox Google: the Compute Engine API on loopback, as far as a burst into it needs it. What that is: ``covers``."""
