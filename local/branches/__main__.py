"""`python -m local.branches`: start, seed, look at, break and mend the branch databases."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from local.branches import faults, mutate, platform
from local.branches.catalog import UnknownBranch
from local.branches.faults import Kind, ProxyDown
from local.branches.seed import DEFAULT_SEED, TooFewRows
from local.branches.seed import seed as seed_branches
from local.branches.server import MariaDB, ServerFailed
from local.branches.settings import FIRST_BRANCH_PORT, HOST, PortTaken, Settings

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

State = Annotated[Path, typer.Option(help="Folder of the local platform.", envvar="PODEMOS_STATE")]
Day = Annotated[datetime, typer.Option("--business-date", formats=["%Y-%m-%d"], help="The day the night reports.")]
DEFAULT_STATE = Path(".local")
_ENDS = {signal.SIGTERM, signal.SIGINT}


@app.command()
def start(
    state: State = DEFAULT_STATE,
    port: Annotated[int, typer.Option(help="Port of MariaDB.")] = 3307,
    branch_port: Annotated[int, typer.Option(help="Port of branch 001; the others follow.")] = FIRST_BRANCH_PORT,
    branches: Annotated[int, typer.Option(help="How many branches.")] = 200,
    host: Annotated[
        str, typer.Option(help="How others reach the ports; another name opens them to the network.")
    ] = HOST,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and stop both at the end.")] = False,
) -> None:
    """Start MariaDB and the port of each branch."""
    settings = Settings(state, port, branch_port, branches, host)
    platform.start(settings)
    if foreground:  # not earlier: both would inherit it, and never hear of their end
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    typer.echo(_summary(settings))
    if foreground:
        _stay(settings)


def _stay(settings: Settings) -> None:
    """Return on SIGTERM, after stopping both; exit 1 when one of them ended by itself."""
    while signal.sigtimedwait(_ENDS, 2.0) is None:
        if not platform.is_running(settings):
            typer.echo(_summary(settings), err=True)
            platform.stop(settings)
            raise typer.Exit(1)
    platform.stop(settings)


@app.command()
def stop(state: State = DEFAULT_STATE) -> None:
    """Stop both. The data stays."""
    platform.stop(Settings.load(state))


@app.command()
def seed(
    business_date: Day,
    state: State = DEFAULT_STATE,
    rows: Annotated[int, typer.Option(help="Payments per branch.")] = 1000,
    number: Annotated[int, typer.Option("--seed", help="Another number gives other rows.")] = DEFAULT_SEED,
    again: Annotated[bool, typer.Option("--again", help="Also if the databases already hold this seed.")] = False,
) -> None:
    """Fill the branches, unless they already hold exactly this."""
    done = seed_branches(Settings.load(state), business_date.date(), rows=rows, seed=number, again=again)
    what = "seeded" if done.fresh else "already hold"
    typer.echo(f"{done.branches} branches {what} {done.pagos:,} payments ({done.seconds:.1f} s)")


@app.command()
def advance(business_date: Day, step: int = 1, state: State = DEFAULT_STATE) -> None:
    """Let five minutes of activity happen: new and late rows, corrections, deletes, parents that arrive."""
    done = mutate.advance(Settings.load(state), business_date.date(), step)
    typer.echo(f"{len(done)} changes in {len({change.branch for change in done})} branches")


@app.command()
def status(state: State = DEFAULT_STATE) -> None:
    """What runs, and which branches have a fault."""
    settings = Settings.load(state)
    typer.echo(_summary(settings))
    for id_, fault in faults.current(settings).items():
        spent = f", {faults.spent_cuts(settings, id_)} of {fault.times} cuts done" if fault.kind is Kind.DROP else ""
        typer.echo(f"branch {id_}: {fault.kind}{spent}")


@app.command()
def fault(
    branch: str,
    kind: Kind,
    bytes_: Annotated[int | None, typer.Argument(metavar="[BYTES]", help="drop-after-bytes: how many pass.")] = None,
    times: Annotated[int, typer.Option(help="drop-after-bytes: how many links die.")] = 1,
    kbps: Annotated[int, typer.Option(help="slow: thousand bits a second, 0 is unlimited.")] = 64,
    delay_ms: Annotated[int, typer.Option(help="slow: wait before each answer.")] = 200,
    state: State = DEFAULT_STATE,
) -> None:
    """Break one branch, e.g. `fault 017 offline` or `fault 017 drop-after-bytes 20000`."""
    values = {"times": times, "kbps": kbps, "delay_ms": delay_ms} | ({"bytes": bytes_} if bytes_ is not None else {})
    faults.fault(Settings.load(state), branch, kind, **values)
    typer.echo(f"branch {branch}: {kind}")


@app.command()
def restore(
    branch: Annotated[str | None, typer.Argument(help="All when left out.")] = None, state: State = DEFAULT_STATE
) -> None:
    """Mend one branch, or all."""
    mended = faults.restore(Settings.load(state), branch)
    typer.echo(f"mended: {', '.join(mended) or 'none had a fault'}")


def _summary(settings: Settings) -> str:
    ports = [settings.port_of(branch) for branch in settings.all_branches()]
    server = "runs" if MariaDB(settings).is_running() else "does not run"
    links = "run" if faults.proxy_pid(settings) else "do not run"
    return f"MariaDB {server} (port {settings.port}); {len(ports)} branch links {links} (ports {ports[0]}-{ports[-1]})"


def main() -> None:
    """Errors that a person can mend are one line; anything else is a defect and keeps its traceback."""
    try:
        app()
    except (UnknownBranch, PortTaken, ServerFailed, ProxyDown, TooFewRows) as failure:
        typer.echo(f"error: {failure}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
