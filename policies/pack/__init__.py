"""The rules as a policy pack of Pulumi's: the folder is what ``pulumi up --policy-pack policies/pack`` is given."""
