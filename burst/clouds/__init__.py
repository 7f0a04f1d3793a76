"""Several clouds behind one port each."""
