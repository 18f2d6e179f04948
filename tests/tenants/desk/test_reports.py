"""Reports: right on a day made by hand, constant in queries, for managers only, harmless as files, a letter a day."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core import mail
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import cancel_appointment, take_payment
from tenants.booking.actions.progressing import complete_appointment, mark_no_show
from tenants.booking.models import Appointment, Resource, SearchMiss
from tenants.booking.windows.store import windows_of
from tenants.desk.reports.daily import choose_daily, is_due, publish_daily, readers_of_daily
from tenants.desk.reports.demand import unmet_demand
from tenants.desk.reports.period import period_of
from tenants.desk.reports.sheets import as_csv, as_xlsx, harmless, sheets_of
from tenants.desk.reports.utilisation import utilisation
from tenants.desk.reports.visits import visit_report
from tenants.outbox.models import OutboxDelivery
from tests.factories import Bookable, make_bookable, make_patient, make_specialization, make_user
from tests.fixtures.networks import ClientFor
from tests.tenants.desk.day import visit_at

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = dt.date.today()  # noqa: DTZ011 - windows of work exist around the real date
NINE = dt.datetime.combine(TODAY, dt.time(9), dt.UTC)
WEEK = {"from": TODAY.isoformat(), "until": TODAY.isoformat()}


def a_day() -> Bookable:
    """Eight hours of one doctor: two visits done (one paid), one missed, one cancelled, one to come; 30 min each."""
    bookable = make_bookable(time_zone="UTC")
    patients = [bookable.patient, make_patient(), make_patient(), make_patient()]
    visits = [
        visit_at(bookable, minutes=30 * number, patient=patients[number % 4], now=NINE) for number in range(5)
    ]
    late = NINE + dt.timedelta(hours=9)
    for visit in visits[:2]:
        complete_appointment(public_id=visit.public_id, actor=SYSTEM, now=late)
    take_payment(public_id=visits[0].public_id, method="cash", actor=SYSTEM, now=late)
    mark_no_show(public_id=visits[2].public_id, actor=SYSTEM, now=late)
    cancel_appointment(public_id=visits[3].public_id, actor=SYSTEM, now=NINE, for_staff=True)
    resource = Resource.objects.get(doctor=bookable.doctor)
    windows_of([resource.pk], first=TODAY, last=TODAY + dt.timedelta(days=1))
    return bookable


def test_figures_of_a_day_made_by_hand(network: NetworkRef) -> None:
    bookable = a_day()
    report = visit_report(period_of(WEEK, today=TODAY))

    total = report.total
    assert (total.visits, total.done, total.no_show, total.cancelled) == (4, 2, 1, 1)
    assert total.paid == {"RUB": Decimal("2500.00")}
    assert (total.no_show_rate, total.cancelled_rate) == (33, 20)
    assert [row.name for row in report.doctors] == [str(bookable.doctor)]
    assert report.services[0].figures.paid == total.paid
    assert report.clinics[0].figures.visits == 4
    assert [(day, figures.visits) for day, figures in report.days] == [(TODAY, 4)]
    assert (report.patients, report.new_patients, report.returning_patients) == (2, 2, 0)
    assert report.lead.count == 4
    assert sum(report.cancellations.buckets) == report.cancellations.known == 1


def test_use_of_time_is_in_true_minutes(network: NetworkRef) -> None:
    a_day()
    use = utilisation(period_of(WEEK, today=TODAY))

    held = Appointment.objects.filter(claims__active=True, claims__kind="booking").distinct().count()
    assert use.total.work == 8 * 60
    assert use.total.booked == 30 * held
    assert use.total.rate == round(100 * 30 * held / 480)
    assert sum(hour.work for hour in use.hours) == 8 * 60
    assert sum(hour.booked for hour in use.hours) == 30 * held
    assert [hour.name for hour in use.hours] == [f"{hour}:00" for hour in range(9, 17)]


def test_a_patient_seen_before_is_not_new(network: NetworkRef) -> None:
    bookable = a_day()
    Appointment.objects.filter(patient=bookable.patient).order_by("appointment_date").first()
    week_ago = NINE - dt.timedelta(days=7)
    visit = visit_at(bookable, minutes=0, now=week_ago)
    complete_appointment(public_id=visit.public_id, actor=SYSTEM, now=NINE)

    report = visit_report(period_of(WEEK, today=TODAY))

    assert (report.patients, report.new_patients) == (2, 1)


def test_demand_suggests_the_shift_that_was_missed_most(network: NetworkRef) -> None:
    field = make_specialization(name="Cardiology")
    monday = TODAY - dt.timedelta(days=TODAY.weekday())
    for hour, count in ((17, 2), (18, 5), (19, 4), (9, 3), (-1, 7)):
        SearchMiss.objects.create(wanted_on=monday, hour=hour, specialization=field, count=count)

    [demand] = unmet_demand(period_of({"period": "month"}, today=TODAY + dt.timedelta(days=6)))

    assert demand.total == 21
    assert demand.any_hour[0] == 7
    shift = demand.shift
    assert shift is not None
    assert (shift.weekday, shift.count) == (0, 11)
    assert shift.start <= 17
    assert shift.end >= 20


def test_queries_do_not_grow(
    network: NetworkRef, client_for: ClientFor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_for(network)
    client.force_login(make_user(role=Role.MANAGER), BACKEND)
    a_day()
    client.get("/desk/reports/")
    counts = []
    for _number in range(2):
        with django_assert_max_num_queries(32) as queries:
            assert client.get("/desk/reports/").status_code == 200
        counts.append(len(queries))
        a_day()
        a_day()
    assert len(set(counts)) == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(1)"])
def test_files_run_nothing(network: NetworkRef, text: str) -> None:
    bookable = a_day()
    bookable.service.name = text
    bookable.service.save()
    period = period_of(WEEK, today=TODAY)
    sheets = sheets_of(visit_report(period), utilisation(period), unmet_demand(period))

    book = load_workbook(io.BytesIO(as_xlsx(sheets)))
    services = next(sheet for sheet in sheets if sheet.code == "services")
    cell = book[services.title]["A2"]

    assert cell.data_type == "s"
    assert cell.value == f"'{text}" == harmless(text)
    assert f"\n'{text}," in as_csv(services)


def test_files_come_with_their_names_and_bad_input_is_refused_politely(
    network: NetworkRef, client_for: ClientFor
) -> None:
    client = client_for(network)
    client.force_login(make_user(role=Role.OWNER), BACKEND)
    a_day()

    assert "report-all-" in client.get("/desk/reports/files/all/")["Content-Disposition"]
    assert client.get("/desk/reports/files/doctors/").content.decode().startswith("\ufeff")
    assert client.get("/desk/reports/files/nothing/").status_code == 404
    for query in (
        "from=2026-13-01&until=x",
        "from=0001-01-01&until=9999-12-31",
        "period=never",
        "clinic=999999",
    ):
        assert client.get(f"/desk/reports/?{query}").status_code == 200


def test_reports_know_nothing_of_the_neighbour(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(other):
        a_day()
    with network_context(one):
        assert visit_report(period_of(WEEK, today=TODAY)).total.visits == 0


def test_the_letter_goes_to_managers_who_want_it_once_a_day(network: NetworkRef) -> None:
    a_day()
    manager = make_user(role=Role.MANAGER, language="ru")
    tired = make_user(role=Role.OWNER)
    make_user(role=Role.RECEPTION)
    choose_daily(user=tired, wanted=False)
    readers = readers_of_daily()
    assert manager in readers
    assert tired not in readers

    evening = dt.datetime.combine(TODAY, dt.time(20, 5), dt.UTC)
    assert is_due("UTC", now=evening)
    assert not is_due("Europe/Moscow", now=evening)
    publish_daily(zone="UTC", now=evening)
    publish_daily(zone="UTC", now=evening)

    deliveries = OutboxDelivery.objects.filter(consumer="email_report").select_related("event")
    assert deliveries.count() == len(readers)
    from tenants.desk.reports.daily import deliver

    mine = next(each for each in deliveries if each.event.payload["user"] == manager.pk)
    assert set(mine.event.payload) == {"date", "user"}
    deliver(mine)
    letter = mail.outbox[-1]
    assert letter.to == [manager.email]
    assert "Итоги дня" in str(letter.body)
    choose_daily(user=tired, wanted=True)
    assert tired in readers_of_daily()
