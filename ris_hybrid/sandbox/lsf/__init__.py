"""Sandbox LSF: a discrete-event cluster that speaks LSF's commands and contains an ebrokerd."""
