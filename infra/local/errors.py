"""What goes wrong on a newcomer's machine, said in words. Standard library only."""

from __future__ import annotations


class LocalError(Exception):
    """Start-up cannot go on; the text tells the reader what happened and what to do."""
