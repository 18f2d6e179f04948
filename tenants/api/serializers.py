"""Bodies that the API takes (checked here) and answers that it gives (described here, made by the presenters)."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from tenants.api.fields import IdField, InstantField, LineField, StrictSerializer
from tenants.booking.models import AppointmentStatus, PaymentStatus, WaitlistState

NAME_LENGTH = 150
NOTES_LENGTH = 2000
COMMENT_LENGTH = 4000


class ContactsIn(StrictSerializer):
    """Who comes to the visit."""

    last_name = LineField(max_length=NAME_LENGTH)
    first_name = LineField(max_length=NAME_LENGTH)
    middle_name = LineField(max_length=NAME_LENGTH, required=False, allow_blank=True, default="")
    phone = LineField(max_length=40, help_text="In any spelling; stored as +79161234567.")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)


class AppointmentIn(StrictSerializer):
    """A booking. A signed-in patient may leave out `patient`."""

    doctor = IdField()
    service = IdField()
    clinic = IdField()
    starts_at = InstantField(help_text="One of the times from available-slots.")
    patient = ContactsIn(required=False)
    notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True, default="")
    hold = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The caller's own hold on this time."
    )
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        help_text="Of the letters; by default that of Accept-Language.",
    )


class HoldIn(StrictSerializer):
    """A time to be kept while a form is filled in."""

    doctor = IdField()
    service = IdField()
    clinic = IdField()
    starts_at = InstantField(help_text="One of the times from available-slots.")


class SeatIn(StrictSerializer):
    """A seat in a group session. A signed-in patient may leave out `patient`."""

    patient = ContactsIn(required=False)
    notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class WaitlistIn(StrictSerializer):
    """What is waited for. A signed-in patient may leave out `patient`."""

    service = IdField()
    doctor = IdField(required=False, allow_null=True, default=None, help_text="Only this one.")
    clinic = IdField(required=False, allow_null=True, default=None, help_text="Only here.")
    earliest = serializers.DateField(help_text="First local day of the clinic.")
    latest = serializers.DateField(help_text="Last local day, included; at most 366 days after the first.")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        default=list,
        max_length=7,
        help_text="0 is Monday; empty for any day.",
    )
    from_time = serializers.TimeField(
        required=False, allow_null=True, default=None, help_text="Not before, on the clinic's clock."
    )
    until_time = serializers.TimeField(
        required=False, allow_null=True, default=None, help_text="Not beginning after, on the clinic's clock."
    )
    patient = ContactsIn(required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class RescheduleIn(StrictSerializer):
    """Another time for an appointment. With `version` the move is refused if it was changed meanwhile."""

    starts_at = InstantField()
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class CancelIn(StrictSerializer):
    """The end of an appointment. With `version` it is refused if it was changed meanwhile."""

    reason = LineField(max_length=300, required=False, allow_blank=True, default="")
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class ApproveIn(StrictSerializer):
    """The clinic's yes. With `version` it is refused if the appointment was changed meanwhile."""

    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None
    )


class RefuseIn(ApproveIn):
    """The clinic's no; `message` goes to the patient."""

    message = LineField(max_length=300, required=False, allow_blank=True, default="")


class ReviewIn(StrictSerializer):
    """Words about a completed visit."""

    appointment = serializers.UUIDField()
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=COMMENT_LENGTH)


# --- answers ----------------------------------------------------------------------------------------------------


class Clinic(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    city = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    time_zone = serializers.CharField(help_text="IANA name.")
    working_hours = serializers.DictField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.CharField())),
        help_text='Days 0 (Monday) to 6 with pairs of local times: `{"0": [["08:00", "20:00"]]}`.',
    )
    coordinates = serializers.DictField(
        child=serializers.FloatField(), allow_null=True, help_text="`lat` and `lon`."
    )
    directions = serializers.CharField()
    photo = serializers.URLField(allow_null=True)


class Specialization(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    doctor_title = serializers.CharField()
    description = serializers.CharField()
    icon = serializers.CharField()


class CatalogueLink(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()


class Doctor(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    last_name = serializers.CharField()
    first_name = serializers.CharField()
    middle_name = serializers.CharField()
    specializations = CatalogueLink(many=True)
    clinics = serializers.ListField(child=serializers.IntegerField(), help_text="Ids, the main clinic first.")
    services = serializers.ListField(child=serializers.IntegerField(), help_text="Ids.")
    photo = serializers.URLField(allow_null=True)
    bio = serializers.CharField()
    experience_years = serializers.IntegerField()
    education = serializers.CharField()
    certificates = serializers.ListField()
    languages = serializers.ListField()
    consultation_price = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField(help_text="ISO 4217.")
    rating = serializers.DecimalField(max_digits=3, decimal_places=2)
    reviews_count = serializers.IntegerField()


class ServiceCategory(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    parent = serializers.IntegerField(  # type: ignore[assignment] # the name is the model's
        allow_null=True, help_text="Id of the category above."
    )
    order = serializers.IntegerField()


class Service(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.SlugField()
    name = serializers.CharField()
    description = serializers.CharField()
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, help_text="The usual one; a slot has the exact one."
    )
    currency = serializers.CharField(help_text="ISO 4217.")
    duration_minutes = serializers.IntegerField()
    category = CatalogueLink()
    doctors = serializers.ListField(child=serializers.IntegerField(), help_text="Ids.")
    clinics = serializers.ListField(child=serializers.IntegerField(), help_text="Ids.")
    preparation_instructions = serializers.CharField()


class Slot(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField(help_text="With the offset of the clinic's zone.")
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField(help_text="IANA name.")
    price = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField(help_text="ISO 4217.")
    doctor = serializers.IntegerField()
    clinic = serializers.IntegerField()
    service = serializers.IntegerField()


class AvailableSlots(serializers.Serializer[Any]):
    doctor = serializers.IntegerField(allow_null=True, help_text="Null when many were asked for.")
    service = serializers.IntegerField(allow_null=True, help_text="Null when the doctor gives none.")
    first_date = serializers.DateField()
    last_date = serializers.DateField(help_text="Included.")
    is_complete = serializers.BooleanField(
        help_text="False when there are more times of many doctors: ask again from the last one's day."
    )
    slots = Slot(many=True)


class Named(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class Patient(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    last_name = serializers.CharField()
    first_name = serializers.CharField()
    middle_name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)


class Appointment(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=AppointmentStatus.choices)
    awaiting_approval = serializers.BooleanField(
        help_text="The time is kept, and the clinic has yet to say yes."
    )
    payment_status = serializers.ChoiceField(choices=PaymentStatus.choices)
    starts_at = serializers.DateTimeField(help_text="With the offset of the clinic's zone.")
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField(help_text="IANA name.")
    doctor = Named()
    service = Named()
    clinic = Named()
    price = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField(help_text="ISO 4217.")
    notes = serializers.CharField()
    version = serializers.IntegerField(help_text="Grows with every change.")
    created_at = serializers.DateTimeField()
    patient = Patient(
        allow_null=True, help_text="For staff and tokens that may read appointments; null for others."
    )
    manage_url = serializers.URLField(
        allow_null=True,
        help_text="Page on which a guest moves or cancels the visit; only in the answer to a booking.",
    )


class Hold(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Whoever has it may extend, release and use the hold.")
    doctor = serializers.IntegerField()
    service = serializers.IntegerField()
    clinic = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Until when the time is kept.")
    extended = serializers.BooleanField(help_text="It can be once.")


class GroupSession(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    doctor = Named()
    service = Named()
    clinic = Named()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    free = serializers.IntegerField(help_text="Seats that are left.")


class WaitlistEntry(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Whoever has it may leave the list.")
    state = serializers.ChoiceField(choices=WaitlistState.choices)
    service = serializers.IntegerField()
    doctor = serializers.IntegerField(allow_null=True)
    clinic = serializers.IntegerField(allow_null=True)
    earliest = serializers.DateField()
    latest = serializers.DateField()
    manage_url = serializers.URLField(help_text="Page with the state, the offer and the way off the list.")


class Review(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    doctor = serializers.IntegerField()
    rating = serializers.IntegerField()
    comment = serializers.CharField()
    is_verified = serializers.BooleanField(help_text="Written after a completed visit.")
    created_at = serializers.DateTimeField()


class FieldProblem(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class Error(serializers.Serializer[Any]):
    """Every refusal has this shape."""

    code = serializers.CharField(help_text="Stable; for programs.")
    message = serializers.CharField(help_text="For people, in the language of Accept-Language.")
    params = serializers.DictField(help_text="Facts behind the message.")
    fields = serializers.DictField(  # type: ignore[assignment] # the name is the API's
        child=FieldProblem(many=True), help_text="Problems by field; nested names are joined by dots."
    )


class Alternative(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    doctor = serializers.IntegerField()
    clinic = serializers.IntegerField()
    service = serializers.IntegerField()


class AlternativesParams(serializers.Serializer[Any]):
    alternatives = Alternative(many=True, required=False, help_text="The nearest times that are still free.")


class ConflictError(Error):
    """Somebody was faster. With code `slot_taken`, `params.alternatives` holds the nearest free times."""

    params = AlternativesParams()  # type: ignore[assignment] # narrower than the base
