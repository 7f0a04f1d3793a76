"""Who may do what: nodes, labs, jobs, the controller."""
