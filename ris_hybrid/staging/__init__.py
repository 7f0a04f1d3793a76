"""Carries out what ``ris_hybrid.data`` decided, over its ports, with a journal that survives a kill at any point."""
