"""A day and more of a virtual site on which everything goes wrong that may, and what must hold all the same."""
