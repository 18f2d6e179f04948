"""Tests against the clock have the machine to themselves."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from infra.local.turns import turn

pytestmark = pytest.mark.unit


class Room:
    """Who is in it now, and what was seen of that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._inside = 0
        self.seen_alone: list[int] = []
        self.most = 0

    def visit(self, *, alone: bool, times: int) -> None:
        for _ in range(times):
            with turn(self._folder, alone=alone):
                with self._guard:
                    self._inside += 1
                    self.most = max(self.most, self._inside)
                time.sleep(0.002)
                with self._guard:
                    if alone:
                        self.seen_alone.append(self._inside)
                    self._inside -= 1


def test_who_wants_to_be_alone_is_and_gets_a_turn_among_many(tmp_path: Path) -> None:
    room = Room(tmp_path)
    visitors = [
        threading.Thread(target=room.visit, kwargs={"alone": alone, "times": 10})
        for alone in (False, False, False, True)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(timeout=30)
    assert room.seen_alone == [1] * 10
    assert room.most > 1  # the others share
