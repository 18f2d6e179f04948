"""News from stored working time."""

from django.dispatch import Signal

windows_rebuilt = Signal()
"""Sent with `resource_ids` (a list) in the transaction that wrote other windows for these resources."""
