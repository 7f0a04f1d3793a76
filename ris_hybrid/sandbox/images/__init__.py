"""Commands ``skopeo`` and ``crane`` that copy between registries in a folder and the sandbox's ECR (sandbox)."""
