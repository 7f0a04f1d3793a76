"""The ris-hybrid command: one module a noun."""
