"""IBM's AWS plug-ins (awsv2 and Java): their configuration read, to be taken over."""
