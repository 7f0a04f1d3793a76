"""What watches and bounds the account: trail, Config rules, defaults, budgets."""
