"""The resources a Pulumi program registers, as the values the rules look at; nothing here imports Pulumi."""
