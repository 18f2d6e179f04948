import datetime as dt
import json
import re
from decimal import Decimal
from typing import ClassVar

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from pytest_django import Settings

pytestmark = pytest.mark.unit


class PatientForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As in the passport.")
    consent = forms.BooleanField(label="Consent")
    visit = forms.ChoiceField(label="Visit", choices=[("a", "First")], widget=forms.RadioSelect)
    password = forms.CharField(
        label="Password", widget=forms.PasswordInput(attrs={"placeholder": "Password"})
    )
    error_names: ClassVar = ("name", "consent", "visit", "password")


def _render(source: str, **context: object) -> str:
    return Template("{% load i18n ui %}" + source).render(Context(context))


@pytest.fixture(autouse=True)
def _english() -> object:
    with translation.override("en"):
        yield


def test_icon_is_hidden_without_a_label() -> None:
    html = _render('{% icon "calendar" %}')
    assert 'aria-hidden="true"' in html
    assert "#calendar" in html


def test_icon_with_a_label_speaks() -> None:
    assert 'role="img" aria-label="Close"' in _render('{% icon "x" "Close" %}')


def test_icon_label_is_escaped() -> None:
    assert "<b>" not in _render('{% icon "x" label %}', label="<b>")


def test_unknown_icon_is_refused_in_development(settings: Settings) -> None:
    settings.DEBUG = True
    with pytest.raises(ValueError, match="no-such-icon"):
        _render('{% icon "no-such-icon" %}')


def test_every_icon_named_in_templates_is_in_the_sprite() -> None:
    known = set(json.loads((settings.ROOT / "frontend" / "icons.json").read_text(encoding="utf-8")))
    used: dict[str, str] = {}
    for path in (settings.ROOT / "templates").rglob("*.html"):
        for name in re.findall(r'\{% icon "([a-z0-9-]+)"', path.read_text(encoding="utf-8")):
            used[name] = str(path)
    assert {name: path for name, path in used.items() if name not in known} == {}


def test_field_ties_its_error_and_help_to_the_input() -> None:
    html = _render('{% include "components/field.html" with field=form.name %}', form=PatientForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html


def test_form_shows_every_kind_of_field() -> None:
    html = _render('{% include "components/form.html" %}', form=PatientForm())
    assert html.count("form-control") == 2
    assert "form-check-input" in html
    assert "<fieldset" in html
    assert "error-summary" not in html


def test_password_does_not_repeat_its_label_as_placeholder() -> None:
    html = _render('{% include "components/field.html" with field=form.password %}', form=PatientForm())
    assert "placeholder" not in html


def test_error_summary_links_to_the_fields() -> None:
    html = _render('{% include "components/error_summary.html" %}', form=PatientForm({}))
    assert [f'href="#id_{name}"' in html for name in ("name", "consent", "password")] == [True, True, True]
    assert 'role="alert"' in html


@pytest.mark.parametrize("status", ["scheduled", "confirmed", "completed", "cancelled", "no_show"])
def test_status_badge_says_the_state_in_words(status: str) -> None:
    html = _render("{% status_badge status %}", status=status)
    assert re.search(r"</svg>[A-Z][a-z-]+</span>", html)


def test_words_for_time_and_money() -> None:
    at = dt.datetime(2031, 11, 24, 13, 40, tzinfo=dt.UTC)
    text = _render(
        '{{ at|when:"Europe/Moscow" }}|{{ 40|minutes }}|{{ price|money:"EUR" }}|'
        '{{ nothing|when:"UTC" }}|{{ name|initials }}',
        at=at,
        price=Decimal(45),
        nothing=None,
        name="Anna Belova",
    )
    assert text.replace("\u00a0", " ") == "Mon 24 Nov 2031, 16:40|40 minutes|€45||AB"


def test_query_with_keeps_the_other_parameters() -> None:
    request = RequestFactory().get("/", {"q": "heart", "page": "3"})
    assert _render("{% query_with page=4 %}", request=request) == "q=heart&amp;page=4"
    assert _render("{% query_with page=None %}", request=request) == "q=heart"


def test_dialog_is_named_by_its_title() -> None:
    html = _render('{% dialog id="cancel" title=title %}<p>Body</p>{% enddialog %}', title="Cancel <it>?")
    assert 'aria-labelledby="cancel-title"' in html
    assert "Cancel &lt;it&gt;?" in html
    assert "<p>Body</p>" in html
