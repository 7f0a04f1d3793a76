"""The rules: pure predicates over what AWS holds, one family a module; ``all_rules.RULES`` is every one of them."""
