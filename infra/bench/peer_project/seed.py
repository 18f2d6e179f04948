"""Gives the peer a service, staff who work all day, and signed-in clients; prints their ids and session keys."""

import datetime as dt
import json
import sys
from importlib import import_module

import django

django.setup()

from appointment.models import (  # type: ignore[import-not-found] # noqa: E402 - the peer's environment, set up
    Config,
    Service,
    StaffMember,
    WorkingHours,
)
from django.conf import settings  # noqa: E402 - after django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402 - after django.setup()

CLIENTS = 8
User = get_user_model()
Config.objects.create(slot_duration=30, lead_time=dt.time(9), finish_time=dt.time(17))
service = Service.objects.create(name="Consultation", duration=dt.timedelta(minutes=30), price=2500)
staff = []
for number in range(int(sys.argv[1])):
    user = User.objects.create_user(f"staff{number}", f"staff{number}@example.org", first_name="Olga")
    member = StaffMember.objects.create(user=user, work_on_saturday=True, work_on_sunday=True)
    member.services_offered.add(service)
    for day in range(7):
        WorkingHours.objects.create(
            staff_member=member, day_of_week=day, start_time=dt.time(9), end_time=dt.time(17)
        )
    staff.append(member.pk)
sessions = []
for number in range(CLIENTS):
    user = User.objects.create_user(f"client{number}", f"client{number}@example.org", first_name="Anna")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    sessions.append(session.session_key)
print(json.dumps({"service": service.pk, "staff": staff, "sessions": sessions}))
