#!/usr/bin/env python
"""Command line entry point. Commands start in the public schema; those that work on a network enter it themselves."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings.dev")
    sys.path[:0] = [str(ROOT / "platform"), str(ROOT)]
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the path set above

    from saas.networks.context import public_context  # noqa: PLC0415 - needs the path set above

    with public_context():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
