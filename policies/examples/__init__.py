"""One value that keeps a rule and one that breaks it, for every rule."""
