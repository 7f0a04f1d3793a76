"""Which pending jobs are worth a cloud node, and how many nodes that makes: pure."""
