"""The state of a receipt: a small state machine over its confirmations, whatever order they come in.

```
capturado ─▶ entregado
    │             ╲
    └──▶ rechazado ─▶ en_disputa
```
Both ends are final. A receipt that was both delivered and refused is disputed: no clock decides between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """Where a receipt stands."""

    SIN_CONFIRMAR = "sin_confirmar"
    CAPTURADO = "capturado"
    ENTREGADO = "entregado"
    RECHAZADO = "rechazado"
    EN_DISPUTA = "en_disputa"


_NEXT = {
    (State.CAPTURADO, State.ENTREGADO): State.ENTREGADO,
    (State.CAPTURADO, State.RECHAZADO): State.RECHAZADO,
    (State.ENTREGADO, State.RECHAZADO): State.EN_DISPUTA,
}
"""By what is known and what is new, in either order: a final state is not undone by what came before it."""


def step(state: State, estado: str) -> State:
    """The state after one more confirmation. Late and repeated ones change nothing, so any order gives the same end."""
    said = State(estado)
    if state in (State.SIN_CONFIRMAR, said):
        return said
    if state is State.EN_DISPUTA:
        return state
    return _NEXT[(state, said) if (state, said) in _NEXT else (said, state)]


def settle(estados: Iterable[str]) -> State:
    """The state after some confirmations."""
    state = State.SIN_CONFIRMAR
    for estado in estados:
        state = step(state, estado)
    return state
