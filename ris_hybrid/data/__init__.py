"""What the data plane decides: datasets, manifests, ways, costs, states, and which jobs find their data (pure)."""
