"""Switching the burst on and off in the files of an LSF master: LSF's files and the provider's, planned as one."""
