"""What each allocation becomes in AWS: plan, differences, drift, off-boarding. Decisions only; stacks build it."""
