"""Counting and timing SQL statements, as PostgreSQL gets them: BEGIN and COMMIT are not counted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection


@dataclass
class Statements:
    """What was executed inside the block: texts, and seconds spent waiting for the answers."""

    texts: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.texts)


@contextlib.contextmanager
def statements() -> Iterator[Statements]:
    """Collect the statements that the block executes on the default connection."""
    seen = Statements()

    def collect(
        execute: Callable[..., object],
        sql: str,
        params: object,
        many: bool,  # noqa: FBT001 - Django's signature
        context: object,
    ) -> object:
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seen.seconds += time.perf_counter() - begin
            seen.texts.append(sql)

    with connection.execute_wrapper(collect):
        yield seen
