"""Who may see and change group sessions at the desk."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tests.factories import make_user
from tests.fixtures.networks import ClientFor
from tests.tenants.desk.groups import LIST, NEW, group, seat, session_of, step

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_doctor_sees_own_sessions_and_changes_them_only_with_the_right(
    client_for: ClientFor, network: NetworkRef
) -> None:
    bookable = group()
    own, strange = session_of(bookable), session_of(group())
    visit = seat(own)
    client = client_for(network)
    client.force_login(bookable.doctor.user)
    text = client.get(LIST).content.decode()
    assert str(own.public_id) in text
    assert str(strange.public_id) not in text
    assert client.get(f"{LIST}{own.public_id}/").status_code == 200
    assert client.get(f"{LIST}{strange.public_id}/").status_code == 404
    assert client.get(NEW).status_code == 403
    assert step(client, visit, "arrived").status_code == 403
    bookable.doctor.user.user_permissions.add(Permission.objects.get(codename="change_appointment"))
    client = client_for(network)
    client.force_login(type(bookable.doctor.user).objects.get(pk=bookable.doctor.user.pk))
    assert step(client, visit, "arrived").status_code == 302
    assert client.get(f"{LIST}{own.public_id}/cancel/").status_code == 403
    assert client.post(f"{LIST}{own.public_id}/room/").status_code == 403


@pytest.mark.parametrize(("role", "status"), [(None, 302), (Role.PATIENT, 403)])
def test_sessions_are_for_staff(
    client_for: ClientFor, network: NetworkRef, role: Role | None, status: int
) -> None:
    session = session_of(group())
    visit = seat(session)
    client = client_for(network)
    if role is not None:
        client.force_login(make_user(role=role))
    roster = f"{LIST}{session.public_id}/"
    for url in (LIST, NEW, roster, f"{roster}people/", f"{roster}cancel/", f"{roster}print/"):
        assert client.get(url).status_code == status
    for url in (f"{roster}seats/", f"{roster}room/", f"/desk/sessions/seats/{visit.public_id}/cancel/"):
        assert client.post(url, {"version": 1}).status_code == status


def test_another_networks_sessions_are_not_there(
    client_for: ClientFor, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    mine, theirs = twin_networks
    with network_context(theirs):
        session = session_of(group())
        visit = seat(session)
    with network_context(mine):
        session_of(group())
        user = make_user(role=Role.OWNER)
    client = client_for(mine)
    client.force_login(user)
    assert client.get(f"{LIST}{session.public_id}/").status_code == 404
    assert client.get(f"/desk/sessions/seats/{visit.public_id}/move/").status_code == 404
    assert str(session.public_id) not in client.get(LIST).content.decode()
