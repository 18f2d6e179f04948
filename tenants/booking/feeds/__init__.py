"""Calendars that people subscribe to, and the open times that networks publish."""
