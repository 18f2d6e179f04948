"""Background work of the back office."""

from __future__ import annotations

from saas.networks.tasks import network_task
from tenants.audit.actions import Actor
from tenants.cms.importing import desk
from tenants.cms.importing.running import run


@network_task(name="tenants.cms.tasks.import_catalogue", soft_time_limit=540, time_limit=570, acks_late=False)
def import_catalogue(
    schema_name: str, kind: str, token: str, user_id: int | None, operator_id: int | None
) -> None:
    """Write a confirmed import. Not repeated after a crash: the transaction is gone and the person sees it failed."""
    upload = desk.find(token, user_id=user_id or 0, kind=kind)
    if upload is None:
        desk.tell(token, desk.Progress("failed"))
        return
    run(upload, actor=Actor(kind="user", user_id=user_id, operator_id=operator_id))
