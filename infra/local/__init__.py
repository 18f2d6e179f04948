"""Starts the whole product on one machine without Docker or system services: `python -m infra.local`.

Modules that run before the virtual environment exists (`paths`, `bootstrap`, `progress`, `__main__`)
use the standard library only.
"""
