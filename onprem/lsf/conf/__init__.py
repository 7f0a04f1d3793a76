"""LSF's own configuration files: found, read and changed as little as can be. Texts in, texts out."""
