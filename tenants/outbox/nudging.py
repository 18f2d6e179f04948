"""Nudges to the workers, sent beside the request: whoever books does not wait for the broker.

A nudge says "look now"; what is due is in the rows, and the sweep finds what was not nudged. So nudges are
gathered for a moment, many of one network go as one message, and one that is lost costs seconds only.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from celery import current_app
from kombu.exceptions import OperationalError as BrokerError

logger = structlog.get_logger(__name__)

GATHERING_SECONDS: Final = 0.1
PER_MESSAGE: Final = 100

Send = Callable[[str, list[str]], None]


class Nudger:
    """Gathers delivery ids by schema and sends them from a thread of its own, one for each process."""

    def __init__(self, send: Send, *, gathering_seconds: float = GATHERING_SECONDS) -> None:
        self._send = send
        self._gathering_seconds = gathering_seconds
        self._changed = threading.Condition()
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._process = 0

    def nudge(self, schema_name: str, delivery_ids: Sequence[str]) -> None:
        """Have these looked at soon. Returns at once; never raises."""
        with self._changed:
            if self._process != os.getpid():  # the first nudge, or a fork: threads do not survive one
                self._process = os.getpid()
                self._waiting = defaultdict(list)
                threading.Thread(target=self._work, name="outbox-nudges", daemon=True).start()
            self._waiting[schema_name].extend(delivery_ids)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
            time.sleep(self._gathering_seconds)
            with self._changed:
                gathered, self._waiting = self._waiting, defaultdict(list)
            for schema_name, ids in gathered.items():
                for first in range(0, len(ids), PER_MESSAGE):
                    self._send_some(schema_name, ids[first : first + PER_MESSAGE])

    def _send_some(self, schema_name: str, ids: list[str]) -> None:
        try:
            self._send(schema_name, ids)
        except Exception:
            # The thread must outlive whatever the broker's client raises; the sweep delivers these.
            logger.exception("outbox_nudge_failed", schema=schema_name, deliveries=len(ids))


def nudge(schema_name: str, delivery_ids: Sequence[str]) -> None:
    """Ask a worker to deliver these soon; at once where tasks run in the caller (`task_always_eager`)."""
    if current_app.conf.task_always_eager:
        _deliver(schema_name, list(delivery_ids))
    else:
        _nudger.nudge(schema_name, delivery_ids)


def _deliver(schema_name: str, delivery_ids: list[str]) -> None:
    from tenants.outbox.tasks import deliver_some  # noqa: PLC0415 - tasks call the worker, which calls actions

    try:
        deliver_some.apply_async(args=(schema_name, delivery_ids), retry=False)
    except BrokerError:
        logger.warning("outbox_nudge_lost", schema=schema_name, deliveries=len(delivery_ids))


_nudger: Final = Nudger(_deliver)
