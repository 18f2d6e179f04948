"""One skeleton for every spelling, kept however the row is written."""

import datetime as dt

import pytest

from saas.networks.context import NetworkRef
from tenants.patients.actions import find_or_create_patient
from tenants.patients.management.commands.fill_patient_search import fill
from tenants.patients.models import Patient
from tenants.patients.search import patterns, skeleton
from tests.factories import make_patient


@pytest.mark.unit
@pytest.mark.parametrize(
    "spellings",
    [
        ("Хабарова", "Khabarova", "Habarova"),
        ("Юлия", "Yulia", "Julia", "Iuliia", "Yuliya"),
        ("Евгений", "Yevgeny", "Evgeniy", "Evgenii"),
        ("Щукин", "Shchukin", "Schukin"),
        ("Соловьёв", "Solovyov", "Soloviev", "Соловьев"),
        ("Артём", "Artyom", "Artem"),
        ("Максим", "Maxim", "Maksim"),
        ("Зайцев", "Zaitsev", "Zaytsev", "Zaycev", "Zajcev", "Zaitzev"),
        ("Müller", "Muller", "MULLER"),
    ],
)
def test_spellings_of_a_name_have_one_skeleton(spellings: tuple[str, ...]) -> None:
    assert len({skeleton(each) for each in spellings}) == 1


@pytest.mark.unit
def test_patterns_of_what_people_type() -> None:
    assert patterns("и") == []
    assert "% iva%" in patterns("ива")[0]
    assert "% iva%" in patterns("bdf")[0]  # the other keyboard layout
    assert {"% zaic%", "% zait%"} <= set(patterns("zayt")[0])  # on the way to Zaytsev
    assert "% muhin%" not in patterns("muk")[0]
    assert "% muh%" in patterns("muk")[0]
    assert patterns("12.04.1985") == [["% 12041985%"]]
    assert patterns("12.04") == [["% 1204%"]]
    assert patterns("1985-04-12") == [["% 12041985%"]]
    assert patterns("8 (916) 12") == [["%891612%", "% 791612%"]]
    assert len(patterns("Иванов 4567")) == 2
    assert patterns("%_") == []


@pytest.mark.integration
@pytest.mark.django_db
def test_text_is_kept_however_a_row_is_written(network: NetworkRef) -> None:
    facts = {"last_name": "Щукин", "first_name": "Артём", "phone": "+79161234567"}
    saved = make_patient(**facts, birth_date=dt.date(1985, 4, 12))
    [bulk] = Patient.objects.bulk_create([Patient(**facts)])
    found = find_or_create_patient(
        last_name="Щукин", first_name="Глеб", phone="+7 916 765-43-21", region="RU"
    )

    assert saved.search_text == " shukin artem 79161234567 12041985"
    assert Patient.objects.get(pk=bulk.pk).search_text == " shukin artem 79161234567"
    assert Patient.objects.get(pk=found.pk).search_text == " shukin gleb 79167654321"

    saved.last_name = "Хабаров"
    saved.save(update_fields=["last_name"])
    saved.refresh_from_db()
    assert saved.search_text.startswith(" habarov artem")

    Patient.objects.update(search_text="")
    assert fill() == 3
    assert fill() == 0
