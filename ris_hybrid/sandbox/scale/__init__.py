"""The sandbox's Spectrum Scale: a GUI server on loopback that speaks REST v2 in its real shapes. Nothing is stored."""
