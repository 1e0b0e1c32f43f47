"""`python -m local`."""

from __future__ import annotations

from local.cli import main

if __name__ == "__main__":
    main()
