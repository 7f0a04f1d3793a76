"""The site's own past, replayed: what another way of bursting would have cost, and how long jobs would have waited."""
