"""`python -m podemos.mobile`: each module named here registers its commands."""

from __future__ import annotations

from podemos.mobile import compact_commands as _compact_commands
from podemos.mobile import watch_commands as _watch_commands
from podemos.mobile.command_line import app

__all__ = ["_compact_commands", "_watch_commands"]

if __name__ == "__main__":
    app()
