"""Files of demo networks: what fits the shapes is read, what does not is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tenants.desk.demo import reading
from tenants.desk.demo.reading import read_network

pytestmark = pytest.mark.unit


def test_values_have_the_types_of_their_fields() -> None:
    network = read_network("severnaya")
    assert network.clinics[0].hours[0] == (("08:00", "20:00"),)
    assert network.rhythms["day"] == (((0, 1, 2, 3, 4), (("09:00", "13:00"), ("14:00", "18:00"))),)
    assert all(isinstance(each.price, Decimal) for each in network.overrides if each.price is not None)
    assert {each.specializations for each in network.doctors if each.last_name == "Белова"} == {
        ("cardiology",)
    }


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (('language = "ru"', "language = 7"), "language: 7"),
        (("patients = 520", 'patients = 520\npets = "cat"'), "no such field: pets"),
        (('icon = "brain"', ""), "icon"),
    ],
)
def test_what_does_not_fit_is_named(
    changed: tuple[str, str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (reading._DATA / "severnaya.toml").read_text(encoding="utf-8")
    assert changed[0] in text
    (tmp_path / "severnaya.toml").write_text(text.replace(*changed), encoding="utf-8")
    monkeypatch.setattr(reading, "_DATA", tmp_path)
    with pytest.raises(TypeError, match=complaint):
        read_network("severnaya")
