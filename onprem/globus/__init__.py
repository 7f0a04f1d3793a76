"""Globus as the site uses it: collections, permissions, and transfers between the site's DTNs and S3."""
