from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from saas.billing.models import Plan, PlanPrice
from saas.billing.selectors import currency_for, is_plan_on_sale, public_plans
from saas.networks.context import public_context

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("language", "currency"), [("ru", "RUB"), ("en", "EUR")])
def test_public_plans_are_three_in_order_in_both_languages(db: None, language: str, currency: str) -> None:
    plans = public_plans(currency=currency, language=language)

    assert [plan.code for plan in plans] == ["start", "clinic", "network"]
    assert [plan.price for plan in plans] == sorted(plan.price for plan in plans)
    assert {plan.currency for plan in plans} == {currency}
    assert all(plan.name and plan.features and plan.limits and plan.summary for plan in plans)
    assert currency_for(language) == currency


def test_public_plans_take_two_queries(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        public_plans(currency="EUR", language="en")


def test_a_changed_price_and_a_hidden_plan_show_at_once(db: None) -> None:
    with public_context():
        PlanPrice.objects.filter(plan__code="start", currency="EUR").update(amount_per_month=Decimal("31.50"))
        Plan.objects.filter(code="network").update(is_public=False)

    plans = public_plans(currency="EUR", language="en")

    assert [(plan.code, plan.price) for plan in plans] == [
        ("start", Decimal("31.50")),
        ("clinic", Decimal("79.00")),
    ]


def test_public_plans_leave_out_what_has_no_price_in_the_currency(db: None) -> None:
    assert public_plans(currency="USD", language="en") == []


def test_only_public_plans_can_be_asked_for(db: None) -> None:
    assert is_plan_on_sale("clinic")
    assert not is_plan_on_sale("trial")
    assert not is_plan_on_sale("free-for-me")
