"""The command and the words all rooms share."""
