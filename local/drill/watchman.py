"""What wakes the watchdog from outside, at its minutes of the night's clock: the cloud's scheduler, simulated."""

from __future__ import annotations

import json

from local.drill.breaking import Scene
from local.platform.watchdog import LocalRunner, look
from podemos.core.night import Night

ALL_BRANCHES = 200


def wake(scene: Scene, night: Night, clock: str) -> str:
    """Wake it for two nights: the rehearsal whose Airflow was killed, and the real one, which no Airflow ever began.

    The first shows that a silent night is noticed; the second, that its report is signed and leaves the house.

    Args:
        scene: the platform.
        night: the rehearsal's.
        clock: the minute it is woken for.
    """
    runner = LocalRunner(scene.stack.processes, _environment(scene))
    found = [
        (name, look(one, clock, scene.stack.clients, runner))
        for name, one in (("rehearsal", night), ("real night", Night.scheduled(scene.day)))
    ]
    return "the watchdog is woken: " + "; ".join(f"{name} {seen['state']} ({seen['detail']})" for name, seen in found)


def _environment(scene: Scene) -> dict[str, str]:
    """What the runner needs beside its command: the stand-in, and the names of a pilot's size."""
    pilot = {"pilot_branches": scene.data.branches} if scene.data.branches < ALL_BRANCHES else {}
    return {**scene.stack.clients.environment(), "PODEMOS_PLATFORM": json.dumps(pilot)}
