"""LSF's Resource Connector: wire format, scripts, verbs."""
