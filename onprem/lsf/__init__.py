"""LSF by its own commands: a command and a pure parser for each question."""
