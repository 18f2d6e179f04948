"""What the desk itself stores."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User


class DailyReportOptOut(models.Model):
    """A manager who does not want the evening's report by e-mail; without a row they get it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("no daily report")
        verbose_name_plural = _("no daily reports")

    def __str__(self) -> str:
        return f"{self.user_id}"
