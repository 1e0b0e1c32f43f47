"""`python -m local.compose`: what a container runs.

keys                 make what is secret, once
airflow COMPONENT    become migrate, api-server, scheduler, dag-processor or triggerer
seeder               fill branches and AWS, wait for Airflow, then stay: the place for `python -m local …`
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from local.compose import airflow
from local.platform.settings import settings

SEEDED = Path("/tmp/podemos-seeded")  # noqa: S108 - this container's own; its health check looks at it


def seeder() -> None:
    """Seed and provision, then wait for the end: commands are run beside it.

    Raises:
        SystemExit: in one line, what a person can mend.
    """
    from local import cli
    from local.platform import dataset

    SEEDED.unlink(missing_ok=True)
    using = settings()
    stack = cli.attach(using, cli.say)
    held = dataset.read(using.state)
    try:
        dags = stack.up(held or cli.wanted_data(using, None, None, None))
    except cli.TOLD as failure:
        raise SystemExit(f"error: {failure}") from None
    cli.say(f"seeded; DAGs: {', '.join(dags)}")
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    SEEDED.touch()
    signal.sigwait(ends)


def main(arguments: list[str]) -> None:
    """Run one part.

    Raises:
        SystemExit: no such part.
    """
    match arguments:
        case ["keys"]:
            airflow.make_secrets(settings())
        case ["airflow", component]:
            airflow.become(component, settings())
        case ["seeder"]:
            seeder()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
