"""Who somebody is in a network (or, for operators, on the platform), and what follows from it."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """One role a user. Owners and managers run the network, reception its day, doctors their own day."""

    PATIENT = "patient", _("patient")
    DOCTOR = "doctor", _("doctor")
    RECEPTION = "reception", _("reception")
    MANAGER = "manager", _("manager")
    OWNER = "owner", _("owner")
    OPERATOR = "operator", _("platform operator")


STAFF_ROLES: Final = frozenset({Role.DOCTOR, Role.RECEPTION, Role.MANAGER, Role.OWNER})
"""Work for the network: may enter its back office."""

MANAGING_ROLES: Final = frozenset({Role.MANAGER, Role.OWNER})
"""May change the catalogue, the site and the settings."""

MFA_ROLES: Final = frozenset({Role.DOCTOR, Role.RECEPTION, Role.MANAGER, Role.OWNER, Role.OPERATOR})
"""See patient lists or run a network: a second factor is due."""
