"""The plans the platform opens with. Only missing ones are written: prices that an operator changed stay."""

from decimal import Decimal

from django.db import migrations

_COMMON_EN = [
    "Site on your own address",
    "Online booking around the clock",
    "Letters and calendar files for patients",
]
_COMMON_RU = ["Сайт на вашем адресе", "Онлайн-запись круглосуточно", "Письма и файлы календаря для пациентов"]

PLANS = [
    {
        "code": "trial",
        "name_en": "Trial",
        "name_ru": "Пробный период",
        "features_en": _COMMON_EN,
        "features_ru": _COMMON_RU,
        "trial_days": 14,
        "is_public": False,
        "prices": {"RUB": "0", "EUR": "0"},
    },
    {
        "code": "start",
        "name_en": "Start",
        "name_ru": "Старт",
        "summary_en": "A practice with one address.",
        "summary_ru": "Кабинет или клиника с одним адресом.",
        "features_en": _COMMON_EN,
        "features_ru": _COMMON_RU,
        "max_clinics": 1,
        "max_doctors": 5,
        "trial_days": 14,
        "order": 1,
        "prices": {"RUB": "2900", "EUR": "29"},
    },
    {
        "code": "clinic",
        "name_en": "Clinic",
        "name_ru": "Клиника",
        "summary_en": "A clinic with several specialities.",
        "summary_ru": "Многопрофильная клиника.",
        "features_en": [*_COMMON_EN, "Prices and lengths per doctor and clinic", "API and access tokens"],
        "features_ru": [*_COMMON_RU, "Цены и длительность по врачам и клиникам", "API и токены доступа"],
        "max_clinics": 3,
        "max_doctors": 30,
        "trial_days": 14,
        "order": 2,
        "is_highlighted": True,
        "prices": {"RUB": "7900", "EUR": "79"},
    },
    {
        "code": "network",
        "name_en": "Network",
        "name_ru": "Сеть",
        "summary_en": "Many clinics, cities and time zones.",
        "summary_ru": "Много клиник, городов и часовых поясов.",
        "features_en": [
            *_COMMON_EN,
            "Prices and lengths per doctor and clinic",
            "API and access tokens",
            "Clinics in several time zones",
        ],
        "features_ru": [
            *_COMMON_RU,
            "Цены и длительность по врачам и клиникам",
            "API и токены доступа",
            "Клиники в разных часовых поясах",
        ],
        "trial_days": 14,
        "order": 3,
        "prices": {"RUB": "24900", "EUR": "249"},
    },
]


def write_plans(apps, schema_editor):
    plans = apps.get_model("billing", "Plan")
    prices = apps.get_model("billing", "PlanPrice")
    for values in PLANS:
        fields = {
            key: "\n".join(value) if isinstance(value, list) else value for key, value in values.items()
        }
        amounts = fields.pop("prices")
        plan, made = plans.objects.get_or_create(code=fields.pop("code"), defaults=fields)
        if made:
            prices.objects.bulk_create(
                prices(plan=plan, currency=currency, amount_per_month=Decimal(amount))
                for currency, amount in amounts.items()
            )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(write_plans, migrations.RunPython.noop)]
