"""What is refused around rooms, and around the seats of group sessions."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, Refused


class RoomTaken(Conflict):
    code = "room_taken"
    message = _("This room is taken at that time.")


class RoomClosed(Conflict):
    code = "room_closed"
    message = _("This room cannot be used at that time: it is closed or out of use.")


class WrongRoom(Refused):
    code = "wrong_room"
    message = _("The service cannot take place in this room: it is not one of those that it needs.")


class NotASeat(Refused):
    code = "not_a_seat"
    message = _("This visit is not part of a group session.")


class OtherService(Refused):
    code = "other_service"
    message = _("That session is of another service: only a session of the same service can be chosen.")
