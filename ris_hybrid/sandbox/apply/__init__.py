"""The sandbox's own apply of the Pulumi programs: a small engine and one handler for each resource type (sandbox)."""
