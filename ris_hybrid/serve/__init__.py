"""The resident service: the verbs over a Unix socket, and a turn every 30 seconds."""
