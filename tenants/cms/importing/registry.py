"""What can be imported, by the code that stands in the address."""

from typing import Final

from tenants.cms.importing.kinds import Clinics, Doctors, Schedules, Services, Specializations
from tenants.cms.importing.plan import Kind
from tenants.cms.importing.visits import Visits

KINDS: Final[dict[str, type[Kind]]] = {
    kind.code: kind for kind in (Clinics, Specializations, Doctors, Services, Schedules, Visits)
}
