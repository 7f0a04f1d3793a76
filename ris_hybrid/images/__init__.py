"""Container images as jobs name them: references, plans, the gate of scan results, what nodes are told (pure)."""
