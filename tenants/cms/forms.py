"""Forms of the network's staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from saas.accounts.actions import create_person, set_role
from saas.accounts.models import User
from saas.accounts.roles import STAFF_ROLES, Role


class StaffForm(WagtailAdminModelForm):
    """A person of the staff: e-mail, name and role. Nobody is given a password by somebody else.

    Owners are made and changed by owners only, and nobody changes their own role or shuts themselves out.
    """

    email = forms.EmailField(label=_("E-mail"), help_text=_("They sign in with it."))
    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in Role if role in STAFF_ROLES]
    )

    class Meta:
        model = User
        fields = ("email", "last_name", "first_name", "middle_name", "role", "is_active")

    def __init__(self, *args: Any, editing_self: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._was_owner = bool(self.instance.pk) and self.instance.role == Role.OWNER
        if editing_self:
            del self.fields["role"]
            del self.fields["is_active"]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody has this e-mail already."), code="taken")
        return email

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        concerns_owner = self._was_owner or data.get("role") == Role.OWNER
        acting = self.for_user
        if concerns_owner and acting != self.instance and getattr(acting, "role", None) != Role.OWNER:
            raise ValidationError(_("Only an owner can change owners."), code="owner_only")
        return data

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - Django's signature
        data = self.cleaned_data
        if self.instance.pk is None:
            person = create_person(
                email=data["email"],
                role=Role(data["role"]),
                first_name=data["first_name"],
                last_name=data["last_name"],
                middle_name=data["middle_name"],
            )
            self.instance.pk = person.pk
            return person
        user: User = self.instance
        user.save()
        return set_role(user=user, role=Role(data["role"])) if "role" in data else user
