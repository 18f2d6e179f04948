"""Each role at each door of the back office: opened to whom it belongs, and a closed one keeps its rows."""

from __future__ import annotations

import pytest
from django.test import Client

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.fixtures.networks import ClientFor
from tests.fixtures.staff import StaffClient
from tests.tenants.cms.rooms import EVERYTHING, ROLES, ROOMS, Room, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


DELETABLE = [room for room in ROOMS if "delete" in room.has and room.path != "doctors"]
"""A doctor has a calendar from the first day on and is taken out of use instead."""


def _answer(client: Client, room: Room, step: str, pk: object) -> str:
    """In a word: Wagtail sends home those who may not, and says so there; who has no home there is refused."""
    response = client.get(room.address(step, pk), follow=True)
    if response.redirect_chain and response.request["PATH_INFO"] == "/cms/":
        return "closed"
    return {200: "open", 403: "closed", 404: "missing"}.get(response.status_code, str(response.status_code))


@pytest.mark.parametrize("room", ROOMS, ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_doors_open_to_those_whom_they_belong_to(role: Role, room: Room, staff_client: StaffClient) -> None:
    pk = make_row(room.path).pk
    client = staff_client(role)
    found = {step: _answer(client, room, step, pk) for step in EVERYTHING}
    expected = {step: "open" if step in room.allowed(role) else "closed" for step in room.has}
    assert {step: found[step] for step in room.has} == expected
    assert not {step for step in EVERYTHING - room.has if found[step] == "open"}


@pytest.mark.parametrize("room", [room for room in ROOMS if "delete" in room.has], ids=str)
@pytest.mark.parametrize("role", [Role.RECEPTION, Role.DOCTOR, Role.PATIENT])
def test_closed_doors_change_nothing_when_posted_to(
    role: Role, room: Room, staff_client: StaffClient
) -> None:
    row = make_row(room.path)
    before = type(row)._default_manager.values().get(pk=row.pk)
    count = type(row)._default_manager.count()
    client = staff_client(role)
    for step in ("add", "edit", "delete"):
        response = client.post(room.address(step, row.pk), {"name": "Changed", "is_active": ""})
        assert response.status_code in {302, 403}, step
    assert type(row)._default_manager.values().get(pk=row.pk) == before
    assert type(row)._default_manager.count() == count


@pytest.mark.parametrize("room", DELETABLE, ids=str)
def test_managers_delete_what_nothing_hangs_on(room: Room, staff_client: StaffClient) -> None:
    row = make_row(room.path)
    response = staff_client(Role.MANAGER).post(room.address("delete", row.pk))
    assert response.status_code == 302
    assert not type(row)._default_manager.filter(pk=row.pk).exists()


def test_nobody_deletes_people(staff_client: StaffClient) -> None:
    """A person who wrote in the log stays; they are locked out instead."""
    user = make_row("users")
    staff_client(Role.OWNER).post(f"/cms/users/delete/{user.pk}/")
    assert type(user)._default_manager.filter(pk=user.pk).exists()


@pytest.mark.parametrize("path", ["network-profile/edit/1/", "booking-rules/edit/1/", "network-profile/"])
@pytest.mark.parametrize("role", ROLES)
def test_settings_belong_to_managers(role: Role, path: str, staff_client: StaffClient) -> None:
    response = staff_client(role).get(f"/cms/{path}", follow=True)
    is_there = response.status_code == 200 and response.request["PATH_INFO"].endswith("/edit/1/")
    assert is_there == (role in {Role.OWNER, Role.MANAGER})


@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_guests_are_asked_to_sign_in(room: Room, network: NetworkRef, client_for: ClientFor) -> None:
    pk = make_row(room.path).pk
    client = client_for(network)
    for step in room.has:
        response = client.get(room.address(step, pk))
        assert response.status_code == 302
        assert "login" in response["Location"], step
