"""Sandbox OpenStack: Keystone, Nova, Glance and Neutron on loopback, as far as a burst into it needs them."""
