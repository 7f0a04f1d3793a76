"""Sandbox AWS: moto on loopback behind a layer that corrects what moto does unlike EC2."""
