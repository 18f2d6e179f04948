"""The demo networks."""

from __future__ import annotations

from typing import Final

from tenants.desk.demo.reading import read_network
from tenants.desk.demo.shapes import DemoNetwork

SEVERNAYA: Final = read_network("severnaya")
HARBOUR: Final = read_network("harbour")
NETWORKS: Final[tuple[DemoNetwork, ...]] = (SEVERNAYA, HARBOUR)
