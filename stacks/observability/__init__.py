"""Dashboards, alarms and the logs of what runs."""
