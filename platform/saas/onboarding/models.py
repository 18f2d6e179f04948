"""A sign-up on its way from the form to a running network. Public schema only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from saas.networks.models import Network


class SignUp(models.Model):
    """What one owner typed, until the network stands. Unverified ones are erased after a day.

    `password` is a hash and is emptied once the account exists. The code is stored as a keyed hash only.
    `known_account` marks a sign-up with an e-mail that already has an account: it looks like any other from
    outside, its letter says so, and no code opens it.
    """

    request_key = models.UUIDField(
        unique=True, help_text=_("Comes with the form: a double submit is one sign-up.")
    )
    clinic_name = models.CharField(_("name of the clinic"), max_length=200)
    slug = models.CharField(_("address"), max_length=40)
    email = models.EmailField(_("e-mail"))
    password = models.CharField(max_length=256, blank=True)
    country = models.CharField(_("country"), max_length=2)
    time_zone = models.CharField(_("time zone"), max_length=64)
    currency = models.CharField(_("currency"), max_length=3)
    language = models.CharField(_("language"), max_length=10)
    plan_code = models.SlugField(_("plan"), max_length=40)
    consent_at = models.DateTimeField(_("agreed to the terms"))
    known_account = models.BooleanField(default=False)

    code_hash = models.CharField(max_length=64, blank=True)
    code_requested_at = models.DateTimeField()
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_requests = models.PositiveSmallIntegerField(default=1)
    guesses = models.PositiveSmallIntegerField(default=0)
    is_mail_due = models.BooleanField(default=True)

    verified_at = models.DateTimeField(_("e-mail confirmed"), null=True, blank=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    network = models.OneToOneField(
        Network, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ready_mailed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("code_requested_at",),
                condition=models.Q(is_mail_due=True),
                name="onboarding_signup_mail_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.slug} #{self.pk}"
