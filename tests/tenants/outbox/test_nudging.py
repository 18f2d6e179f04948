"""Nudges are sent beside the request, gathered, and outlive an error of the broker's client."""

from __future__ import annotations

import os
import threading
import time

from tenants.outbox.nudging import PER_MESSAGE, Nudger

SOON = 5.0


class Broker:
    """Stands where Celery stands: keeps what it was sent, and breaks when it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[str]]] = []
        self.breaks = 0
        self.senders: set[str] = set()

    def send(self, schema_name: str, ids: list[str]) -> None:
        self.senders.add(threading.current_thread().name)
        if self.breaks:
            self.breaks -= 1
            msg = "the broker's client broke"
            raise RuntimeError(msg)
        self.sent.append((schema_name, ids))

    def wait_for(self, count: int) -> list[str]:
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            ids = [each for _schema, some in self.sent for each in some]
            if len(ids) >= count:
                return ids
            time.sleep(0.005)
        return [each for _schema, some in self.sent for each in some]


def test_nudges_of_a_moment_go_as_one_message_for_each_network() -> None:
    broker = Broker()
    nudger = Nudger(broker.send, gathering_seconds=0.1)

    for number in range(6):
        nudger.nudge(f"t_{number % 2}", [str(number)])

    assert sorted(broker.wait_for(6)) == ["0", "1", "2", "3", "4", "5"]
    assert sorted(schema for schema, _ids in broker.sent) == ["t_0", "t_1"]
    assert threading.current_thread().name not in broker.senders


def test_a_message_carries_a_bounded_number() -> None:
    broker = Broker()
    nudger = Nudger(broker.send, gathering_seconds=0.01)

    nudger.nudge("t_1", [str(number) for number in range(PER_MESSAGE + 1)])

    assert len(broker.wait_for(PER_MESSAGE + 1)) == PER_MESSAGE + 1
    assert [len(ids) for _schema, ids in broker.sent] == [PER_MESSAGE, 1]


def test_it_goes_on_after_an_error() -> None:
    broker = Broker()
    broker.breaks = 1
    nudger = Nudger(broker.send, gathering_seconds=0.01)

    nudger.nudge("t_1", ["lost"])
    time.sleep(0.1)
    nudger.nudge("t_1", ["next"])

    assert broker.wait_for(1) == ["next"]


def test_a_forked_process_nudges_by_itself() -> None:
    reader, writer = os.pipe()

    def send(_schema_name: str, ids: list[str]) -> None:
        os.write(writer, ids[0].encode())

    nudger = Nudger(send, gathering_seconds=0.01)
    nudger.nudge("t_1", ["parent,"])
    assert os.read(reader, 100) == b"parent,"

    child = os.fork()
    if child == 0:
        nudger.nudge("t_1", ["child"])
        time.sleep(1)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)

    assert os.read(reader, 100) == b"child"
    os.close(reader)
