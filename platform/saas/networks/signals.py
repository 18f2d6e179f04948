"""News from the platform that tenant apps may listen to. Sent inside the network's schema."""

from django.dispatch import Signal

network_provisioned = Signal()
"""Sent in the provisioning transaction, once per network.

Arguments: `network` (NetworkRef), `profile` (NetworkProfile).
"""

handover_used = Signal()
"""Sent after somebody was signed in by a grant. Arguments: `network` (NetworkRef), `user_id` (in the network),
`operator_id` (public user, None for the owner's own log-in), `reason`."""

second_factor_reset = Signal()
"""Sent in the transaction that took somebody's second factor away. Arguments: `user_id` (in the network),
`operator_id` (public user, None for a command), `reason`."""
