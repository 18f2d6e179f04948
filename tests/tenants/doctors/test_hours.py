from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tenants.doctors.hours import Window, meets, refuse_overlap
from tenants.doctors.models import DoctorSchedule
from tests.factories import make_clinic, make_doctor, make_hours


def window(day: int, start: str, end: str, *, zone: str = "Europe/Moscow", **fields: Any) -> Window:
    return Window(day, dt.time.fromisoformat(start), dt.time.fromisoformat(end), zone, "Clinic", **fields)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (window(0, "09:00", "13:00"), window(0, "13:00", "17:00"), False),
        (window(0, "09:00", "13:01"), window(0, "13:00", "17:00"), True),
        (window(0, "09:00", "13:00"), window(1, "09:00", "13:00"), False),
        (window(0, "09:00", "17:00"), window(0, "10:00", "11:00"), True),
        # Over midnight, and over the end of the week.
        (window(0, "22:00", "06:00"), window(1, "05:00", "08:00"), True),
        (window(6, "22:00", "02:00"), window(0, "01:00", "03:00"), True),
        (window(6, "22:00", "01:00"), window(0, "01:00", "03:00"), False),
        # Two hours apart on the clock, the same instants.
        (window(0, "09:00", "11:00"), window(0, "11:00", "13:00", zone="Asia/Yekaterinburg"), True),
        (window(0, "09:00", "11:00"), window(0, "09:00", "11:00", zone="Asia/Yekaterinburg"), False),
        # Not valid at the same time.
        (
            window(0, "09:00", "11:00", valid_until=dt.date(2026, 5, 31)),
            window(0, "09:00", "11:00", valid_from=dt.date(2026, 6, 1)),
            False,
        ),
        (
            window(0, "09:00", "11:00", valid_until=dt.date(2026, 6, 1)),
            window(0, "09:00", "11:00", valid_from=dt.date(2026, 6, 1)),
            True,
        ),
    ],
)
def test_windows_meet(one: Window, other: Window, expected: bool) -> None:  # noqa: FBT001 - a parameter of the table
    assert meets(one, other) is expected
    assert meets(other, one) is expected


@pytest.mark.django_db
@pytest.mark.integration
def test_overlap_in_another_clinic_is_refused_with_the_other_hours_named(network: object) -> None:
    here, there = make_clinic(name="Here"), make_clinic(name="There")
    doctor = make_doctor(clinics=[here, there])
    make_hours(doctor=doctor, clinic=there, days=[2], windows=[("09:00", "13:00")])
    wanted = DoctorSchedule(
        doctor=doctor, clinic=here, day_of_week=2, start_time=dt.time(12), end_time=dt.time(15)
    )

    with pytest.raises(ValidationError) as caught:
        refuse_overlap(wanted)

    assert "09:00–13:00, There" in str(caught.value)


@pytest.mark.django_db
@pytest.mark.integration
def test_hours_where_the_doctor_does_not_work_are_refused(network: object) -> None:
    doctor, clinic = make_doctor(), make_clinic()
    wanted = DoctorSchedule(
        doctor=doctor, clinic=clinic, day_of_week=2, start_time=dt.time(12), end_time=dt.time(15)
    )

    with pytest.raises(ValidationError) as caught:
        refuse_overlap(wanted)

    assert caught.value.error_dict["clinic"][0].code == "not_working_there"


@pytest.mark.django_db
@pytest.mark.integration
def test_saving_hours_again_does_not_meet_itself(network: object) -> None:
    clinic = make_clinic()
    doctor = make_doctor(clinics=[clinic])
    [row] = make_hours(doctor=doctor, clinic=clinic, days=[1])

    refuse_overlap(row)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Every second week, in the same and in different weeks, also by an anchor in another year.
        (
            {"every_weeks": 2, "anchor_date": "2027-01-11"},
            {"every_weeks": 2, "anchor_date": "2027-01-20"},
            False,
        ),
        (
            {"every_weeks": 2, "anchor_date": "2027-01-11"},
            {"every_weeks": 2, "anchor_date": "2027-01-25"},
            True,
        ),
        (
            {"every_weeks": 2, "anchor_date": "2027-01-11"},
            {"every_weeks": 3, "anchor_date": "2025-01-20"},
            True,
        ),
        ({"every_weeks": 2, "anchor_date": "2027-01-11"}, {}, 1),
        # Two on, two off: the other two days are free, every other weekday is not.
        ({"cycle": (4, 0)}, {"cycle": (4, 2)}, 0),
        ({"cycle": (4, 0)}, {"cycle": (4, 0)}, 1),
        ({"cycle": (4, 0)}, {}, 1),
        ({"cycle": (7, 1)}, {}, 0),
        (
            {"cycle": (7, 1), "valid_until": "2027-02-01"},
            {"cycle": (8, 0), "valid_from": "2027-02-02"},
            False,
        ),
    ],
)
def test_patterns_meet_when_any_of_their_days_do(
    one: dict[str, Any], other: dict[str, Any], expected: int
) -> None:
    first, second = patterned(**one), patterned(**other)

    assert meets(first, second) == bool(expected)
    assert meets(second, first) == bool(expected)


def patterned(**fields: Any) -> Window:
    if "cycle" in fields:
        days, day = fields.pop("cycle")
        fields |= {"cycle_days": days, "cycle_day": day, "anchor_date": "2027-01-11"}
    dates: dict[str, Any] = {
        name: dt.date.fromisoformat(value) if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return window(0, "09:00", "13:00", **dates)


@pytest.mark.django_db
@pytest.mark.integration
def test_drafts_are_compared_with_drafts(network: object) -> None:
    clinic = make_clinic()
    doctor = make_doctor(clinics=[clinic])
    make_hours(doctor=doctor, clinic=clinic, days=[0])
    facts = {
        "doctor": doctor,
        "clinic": clinic,
        "day_of_week": 0,
        "start_time": dt.time(9),
        "end_time": dt.time(12),
    }

    refuse_overlap(DoctorSchedule(**facts, state="draft"))
    make_hours(doctor=doctor, clinic=clinic, days=[0], state="draft")
    with pytest.raises(ValidationError):
        refuse_overlap(DoctorSchedule(**facts, state="draft"))
