"""What LSF needs of a Resource Connector plug-in, tried on the plug-in's own scripts (sandbox)."""
