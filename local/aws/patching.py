"""Changing moto in place, loudly: a patch whose target moved in another version of moto must not pass unnoticed."""

from __future__ import annotations

from typing import Any

import moto


class PatchMismatch(Exception):
    """This moto is not the one the patch was written for."""


def replace(owner: Any, name: str, value: Any) -> None:
    """Put `value` in the place of something of moto's.

    Raises:
        PatchMismatch: moto has nothing of that name any more.
    """
    if not hasattr(owner, name):
        raise PatchMismatch(f"moto {moto.__version__} has no {owner.__name__}.{name}: adapt the patch in local/aws")
    setattr(owner, name, value)


def add(owner: Any, name: str, value: Any) -> None:
    """Add what moto lacks.

    Raises:
        PatchMismatch: moto has it now; ours would hide it.
    """
    if hasattr(owner, name):
        raise PatchMismatch(f"moto {moto.__version__} has its own {owner.__name__}.{name}: drop the patch in local/aws")
    setattr(owner, name, value)
