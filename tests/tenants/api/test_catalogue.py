"""Public lists: what they hold, what they hide, how they are filtered, and what they cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework import serializers as drf

from saas.networks.context import NetworkRef, network_context
from tenants.api import presenters, serializers
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tests.factories import (
    make_bookable,
    make_category,
    make_clinic,
    make_doctor,
    make_service,
    make_specialization,
)
from tests.tenants.api.asking import Caller, counted

pytestmark = pytest.mark.django_db


def ids(body: dict[str, list[dict[str, int]]]) -> list[int]:
    return [row["id"] for row in body["results"]]


def test_only_what_is_open_is_listed(network: NetworkRef) -> None:
    one = make_bookable()
    hidden_clinic = make_clinic(is_active=False)
    hidden_doctor = make_doctor(clinics=[one.clinic], is_active=False)
    hidden_service = make_service(doctors=[one.doctor], clinics=[one.clinic, hidden_clinic], is_active=False)
    shown = make_service(doctors=[one.doctor, hidden_doctor], clinics=[one.clinic, hidden_clinic])
    caller = Caller(network)
    assert ids(caller.get("clinics/")[1]) == [one.clinic.pk]
    assert ids(caller.get("doctors/")[1]) == [one.doctor.pk]
    assert set(ids(caller.get("services/")[1])) == {one.service.pk, shown.pk}
    assert caller.get(f"clinics/{hidden_clinic.pk}/")[0] == 404
    assert caller.get(f"doctors/{hidden_doctor.pk}/")[0] == 404
    assert caller.get(f"services/{hidden_service.pk}/")[0] == 404
    service = caller.get(f"services/{shown.pk}/")[1]
    assert (service["doctors"], service["clinics"]) == ([one.doctor.pk], [one.clinic.pk])
    assert caller.get(f"doctors/{one.doctor.pk}/")[1]["services"] == [one.service.pk, shown.pk]


def test_a_doctors_private_data_is_not_shown(network: NetworkRef) -> None:
    one = make_bookable()
    one.doctor.user.phone = "+79160000001"
    one.doctor.user.email = "private@example.org"
    one.doctor.user.save()
    text = str(Caller(network).get("doctors/")[1])
    assert "private@example.org" not in text
    assert "9160000001" not in text


def test_doctors_are_filtered(network: NetworkRef) -> None:
    heart, skin = make_specialization(slug="cardiology", name="Cardiology"), make_specialization(name="Skin")
    near, far = make_clinic(), make_clinic()
    anna = make_doctor(
        last_name="Kuznetsova", first_name="Anna", clinics=[near], specializations=[heart, skin]
    )
    boris = make_doctor(last_name="Ivanov", first_name="Boris", clinics=[far], specializations=[skin])
    service = make_service(doctors=[boris], clinics=[far], slug="mole-check")
    caller = Caller(network)
    for query, expected in {
        "specialization=cardiology": [anna.pk],
        f"specialization={heart.pk}": [anna.pk],
        f"specialization={skin.pk}": [boris.pk, anna.pk],
        f"clinic={far.pk}": [boris.pk],
        f"service={service.pk}": [boris.pk],
        "service=mole-check": [boris.pk],
        "search=kuznets": [anna.pk],
        "search=anna%20cardio": [anna.pk],
        "search=nobody": [],
        f"specialization={skin.pk}&clinic={near.pk}": [anna.pk],
    }.items():
        assert ids(caller.get(f"doctors/?{query}")[1]) == expected, query


def test_services_are_filtered_by_branch_doctor_and_clinic(network: NetworkRef) -> None:
    top = make_category(slug="diagnostics")
    below = make_category(parent=top)
    one = make_bookable()
    scan = make_service(category=below, doctors=[one.doctor], clinics=[one.clinic])
    caller = Caller(network)
    assert ids(caller.get("services/?category=diagnostics")[1]) == [scan.pk]
    assert ids(caller.get(f"services/?category={top.pk}")[1]) == [scan.pk]
    assert set(ids(caller.get(f"services/?doctor={one.doctor.pk}")[1])) == {one.service.pk, scan.pk}
    assert set(ids(caller.get(f"services/?clinic={one.clinic.pk}")[1])) == {one.service.pk, scan.pk}
    assert [row["parent"] for row in caller.get("categories/")[1]["results"] if row["id"] == below.pk] == [
        top.pk
    ]


def test_pages_link_to_their_neighbours(network: NetworkRef) -> None:
    clinics = [make_clinic(name=f"Clinic {letter}") for letter in "ABC"]
    caller = Caller(network)
    first = caller.get("clinics/?page_size=2")[1]
    assert (first["count"], ids(first), first["previous"]) == (3, [row.pk for row in clinics[:2]], None)
    assert first["next"].endswith("/api/v1/clinics/?page_size=2&page=2")
    second = caller.get("clinics/?page_size=2&page=2")[1]
    assert (ids(second), second["next"]) == ([clinics[2].pk], None)


@pytest.mark.parametrize(
    ("path", "queries"),
    [("clinics/", 2), ("doctors/", 5), ("services/", 4), ("specializations/", 2), ("categories/", 2)],
)
def test_queries_of_a_list_do_not_grow_with_its_rows(network: NetworkRef, path: str, queries: int) -> None:
    caller = Caller(network)
    make_bookable()
    caller.get(path)
    with counted() as one_row:
        caller.get(path)
    for _ in range(2):
        make_bookable()
    with counted() as three_rows:
        assert caller.get(path)[1]["count"] == 3
    assert (len(one_row), len(three_rows)) == (queries, queries)


@pytest.mark.parametrize(
    ("present", "model", "serializer"),
    [
        (presenters.clinics, Clinic, serializers.Clinic),
        (presenters.doctors, Doctor, serializers.Doctor),
        (presenters.services, Service, serializers.Service),
    ],
)
def test_answers_have_the_shape_that_is_documented(
    network: NetworkRef,
    present: Callable[..., list[dict[str, object]]],
    model: type[Clinic | Doctor | Service],
    serializer: type[drf.Serializer[object]],
) -> None:
    make_bookable()
    [row] = present(list(model.objects.all()))
    assert list(row) == list(serializer().fields)


def test_networks_do_not_see_each_other(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    a, b = twin_networks
    for ref, name in ((a, "CANARY-A"), (b, "CANARY-B")):
        with network_context(ref):
            one = make_bookable()
            Clinic.objects.filter(pk=one.clinic.pk).update(name=name, address=name)
            one.doctor.bio = name
            one.doctor.save()
    for path in ("clinics/", "doctors/", "services/", "specializations/", "categories/", "reviews/"):
        assert "CANARY-B" not in str(Caller(a).get(path)[1])
        assert "CANARY-A" not in str(Caller(b).get(path)[1])
    assert Caller(a).get("clinics/")[1]["results"][0]["name"] == "CANARY-A"
