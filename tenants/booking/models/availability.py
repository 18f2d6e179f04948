"""Read models of availability, derived from rules and claims, and what was searched in vain."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from tenants.booking.models.resources import Resource
from tenants.clinics.models import Clinic
from tenants.doctors.models import Specialization
from tenants.services.models import Service


class WorkWindow(models.Model):
    """Working time of a resource in a clinic, `[)`, expanded from its rules; `local_date` is the clinic's.

    Derived: never edited, only rebuilt. Windows of one resource never overlap, whatever the clinic.
    """

    # The index of resource and date serves this key too.
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, db_index=False, related_name="windows")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    local_date = models.DateField()
    span = DateTimeRangeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="booking_workwindow_no_overlap",
                index_type="GIST",
                expressions=[("resource", RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inf=False, span__upper_inf=False),
                name="booking_workwindow_finite",
            ),
        )
        indexes = (models.Index(fields=("resource", "local_date"), name="booking_window_resource_date"),)

    def __str__(self) -> str:
        return f"{self.resource_id} {self.span}"


class FreeGap(models.Model):
    """A stretch of a doctor's working time with nothing in it: windows minus active claims.

    A hint for searches over many doctors, rewritten in the transaction that changes a doctor's day. Truth is in
    windows and claims; a nightly check compares.
    """

    # Every booking writes these rows: no index but the one that searches use. A clinic is hardly ever deleted.
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, db_index=False, related_name="gaps")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, db_index=False, related_name="+")
    local_date = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    window_starts_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_freegap_not_empty"),
        )
        indexes = (models.Index(fields=("resource", "starts_at"), name="booking_gap_resource_start"),)

    def __str__(self) -> str:
        return f"{self.resource_id} {self.starts_at}"


class SearchMiss(models.Model):
    """How often people looked for a time and found none: unmet demand. Counts only, nobody's name.

    `wanted_on` is the local date that was looked at, `hour` the local hour wanted (-1: any).
    """

    wanted_on = models.DateField()
    hour = models.SmallIntegerField(default=-1)
    specialization = models.ForeignKey(
        Specialization, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    clinic = models.ForeignKey(Clinic, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("wanted_on", "hour", "specialization", "service", "clinic"),
                nulls_distinct=False,
                name="booking_searchmiss_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.wanted_on} {self.count}"
