"""News from the platform that tenant apps may listen to. Sent inside the network's schema."""

from django.dispatch import Signal

network_provisioned = Signal()
"""Sent in the provisioning transaction, once per network. Arguments: `network` (NetworkRef), `profile` (NetworkProfile)."""
