"""`python -m infra.local COMMAND`: works with the system's Python, and goes on in the virtual environment.

Only the standard library may be imported before the virtual environment is there.
"""

from __future__ import annotations

import sys

from infra.local import bootstrap, progress
from infra.local.errors import LocalError


def main() -> int:
    """Makes the virtual environment, enters it and runs the command; returns the exit code."""
    arguments = sys.argv[1:]
    try:
        bootstrap.ensure_venv()
        if not bootstrap.is_current():
            bootstrap.reexec(arguments)
        from infra.local import commands  # noqa: PLC0415 - needs what was just installed

        return commands.main(arguments)
    except LocalError as error:
        print(f"\n{progress.red('Cannot go on.')} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
