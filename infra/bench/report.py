"""Targets, and how a measurement is held against one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from infra.local import progress

TOLERANCE = 0.10
"""On two shared cores with three short rounds differences below about 15 % mean nothing (reference, section 5):
a ratio misses its target when it is worse by more than this share. Counts have no tolerance."""


@dataclass(frozen=True, slots=True)
class Check:
    """One measured value and the target it is held against; `kind` says which side is good."""

    name: str
    value: float
    target: float
    kind: Literal["at least", "at most"]
    unit: str = ""
    exact: bool = False

    @property
    def is_met(self) -> bool:
        slack = 0.0 if self.exact else TOLERANCE
        if self.kind == "at least":
            return self.value >= self.target * (1 - slack)
        return self.value <= self.target * (1 + slack)


@dataclass(frozen=True, slots=True)
class Rate:
    """One variant at one concurrency: medians over the rounds."""

    variant: str
    concurrency: int
    rate: float
    slowest: float
    fastest: float
    p50: float
    p95: float
    p99: float
    to_bare: float
    to_select: float


def print_rates(rates: Sequence[Rate]) -> None:
    heads = f"{'c':>3}{'req/s':>8}{'[min-max]':>14}{'p50 ms':>9}{'p95':>8}{'p99':>8}{'x B':>7}{'x S':>7}"
    progress.say(progress.bold(f"{'view':34}{heads}"))
    for row in rates:
        span = f"[{row.slowest:.0f}-{row.fastest:.0f}]"
        progress.say(
            f"{row.variant:34}{row.concurrency:>3}{row.rate:>8.0f}{span:>14}"
            f"{row.p50:>9.2f}{row.p95:>8.2f}{row.p99:>8.2f}{row.to_bare:>7.3f}{row.to_select:>7.3f}"
        )


def print_checks(checks: Sequence[Check]) -> None:
    progress.say(progress.bold(f"{'target':58}{'measured':>12}{'wanted':>20}  "))
    for check in checks:
        wanted = f"{check.kind} {_number(check.target)}{check.unit}"
        mark = progress.green("pass") if check.is_met else progress.red("MISSED")
        progress.say(f"{check.name:58}{_number(check.value) + check.unit:>12}{wanted:>20}  {mark}")
    progress.say(progress.dim(f"A ratio may be worse by {TOLERANCE:.0%}: less is noise on two shared cores."))


def write_json(
    folder: Path, *, rates: Sequence[Rate], checks: Sequence[Check], facts: dict[str, object]
) -> Path:
    """Store the run; return the file."""
    at = datetime.now(tz=UTC)
    path = folder / f"bench-{at:%Y%m%dT%H%M%SZ}.json"
    content = {
        "at": at.isoformat(timespec="seconds"),
        "facts": facts,
        "rates": [asdict(rate) for rate in rates],
        "checks": [{**asdict(check), "is_met": check.is_met} for check in checks],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}" if value < 10 else f"{value:.1f}"  # noqa: PLR2004 - digits
