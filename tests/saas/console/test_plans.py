"""Operators change prices."""

from decimal import Decimal

import pytest
from django.test import Client

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.billing.models import Plan
from saas.billing.selectors import public_plans

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_an_operator_changes_the_price_of_a_plan(public_client: Client, public_schema: None) -> None:
    operator = User.objects.create_user(
        "operator@platform.example", "a-long-password", role=Role.OPERATOR, is_staff=True, is_patient=False
    )
    public_client.force_login(operator)
    plan = Plan.objects.get(code="start")
    address = f"/console/billing/plan/{plan.pk}/change/"
    assert public_client.get(address).status_code == 200
    form = {
        name: getattr(plan, name) if getattr(plan, name) is not None else ""
        for name in (
            *("name_en", "name_ru", "summary_en", "summary_ru", "features_en", "features_ru"),
            *("max_clinics", "max_doctors", "trial_days", "order"),
        )
    }
    form |= {"is_public": "on", "prices-TOTAL_FORMS": "2", "prices-INITIAL_FORMS": "2"}
    for number, price in enumerate(plan.prices.order_by("currency")):
        form |= {
            f"prices-{number}-id": price.pk,
            f"prices-{number}-plan": plan.pk,
            f"prices-{number}-currency": price.currency,
            f"prices-{number}-amount_per_month": "31.50",
        }

    response = public_client.post(address, form)

    assert response.status_code == 302, response.content.decode()
    assert public_plans(currency="EUR", language="en")[0].price == Decimal("31.50")
