"""What searches over many doctors answer with, for the schema."""

from typing import Any

from rest_framework import serializers

from tenants.api.serializers import Slot


class FirstAvailable(serializers.Serializer[Any]):
    results = Slot(many=True)


class MonthDay(serializers.Serializer[Any]):
    date = serializers.DateField(help_text="A local day of the clinics.")
    free_minutes = serializers.IntegerField()
    doctors = serializers.IntegerField(help_text="How many doctors have some of it.")


class Month(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="YYYY-MM.")
    days = MonthDay(many=True)
