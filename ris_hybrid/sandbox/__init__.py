"""The sandbox: AWS on loopback and a virtual LSF, for trying policies and for tests."""
