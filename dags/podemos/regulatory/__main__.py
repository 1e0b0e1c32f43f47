"""The report from the command line, without Airflow.

  run       publish a day from what has arrived, by the second engine (when Airflow or the warehouse is down)
  forecast  when tonight's report will be out, and until when each way out is open; last line JSON
  rebuild   make a published version again from its sealed inputs, and compare every byte
  locks     whether every object of a version is locked as platform.yaml says
  trace     from a published total to its lines, their files and rows, and the branch's pull; last line JSON

AWS credentials are boto3's own. Exit codes: 0 done, 1 a rebuilt byte differs or an object is not locked, 2 refused or
failed, 3 held by policy.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from podemos.contracts.delivery import delivery
from podemos.contracts.sources import policy, sources
from podemos.core.clock import system_clock
from podemos.core.errors import ContractViolation, PodemosError
from podemos.core.night import Night
from podemos.core.zones import zone_table
from podemos.outside import Outside
from podemos.regulatory import marks
from podemos.regulatory.movement import ABONO, CARGO
from podemos.regulatory.trace import Cell, trace

HELD = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.run(args))
    except PodemosError as error:
        sys.stderr.write(f"{error}\n")
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"AWS: {error}; check credentials, platform.yaml and --endpoint\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m podemos.regulatory", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--endpoint", help="endpoint of all AWS services; default: AWS, or AWS_ENDPOINT_URL")
    common.add_argument("--date", type=date.fromisoformat, required=True, help="business day, YYYY-MM-DD")

    rehearsed = argparse.ArgumentParser(add_help=False)
    rehearsed.add_argument(
        "--night-start", type=_instant, help="of a rehearsal: the instant that counts as 02:00, ISO 8601"
    )
    rehearsed.add_argument("--rehearsal-seconds-per-hour", type=int, help="of a rehearsal: its pace")

    found = commands.add_parser(
        "run", help="publish a day now, by the second engine; last line JSON", parents=[common, rehearsed]
    )
    found.set_defaults(run=_run)

    found = commands.add_parser("forecast", help="when the report will be out; last line JSON", parents=[rehearsed])
    found.add_argument("--endpoint", help="endpoint of all AWS services; default: AWS, or AWS_ENDPOINT_URL")
    found.add_argument("--date", type=date.fromisoformat, help="business day; default: the night of now")
    found.add_argument("--at", help="HH:MM on the night's clock; default: now")
    found.set_defaults(run=_forecast)

    found = commands.add_parser("rebuild", help="rebuild a version and compare it; last line JSON", parents=[common])
    found.add_argument("--version", type=int, required=True, help="N of reports/<date>/v<N>/")
    found.add_argument("--rehearsal", action="store_true", help="a version under reports/rehearsal/")
    found.set_defaults(run=_rebuild)

    found = commands.add_parser("locks", help="Object Lock of a version's objects; last line JSON", parents=[common])
    found.add_argument("--version", type=int, required=True, help="N of reports/<date>/v<N>/")
    found.set_defaults(run=_locks)

    found = commands.add_parser("trace", help="what a published total is made of; last line JSON", parents=[common])
    found.add_argument("--version", type=int, help="N of reports/<date>/v<N>/; default: the newest")
    found.add_argument("--cell", type=_cell, required=True, help="a total: <source>/CARGO or <source>/ABONO")
    found.add_argument("--movement", help="the id of one movement of it; default: the first ones")
    found.set_defaults(run=_trace)
    return parser


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset; end it with Z")
    return found.astimezone(UTC)


def _night(args: argparse.Namespace) -> Night:
    if (args.night_start is None) != (args.rehearsal_seconds_per_hour is None):
        raise ContractViolation("a rehearsal has both --night-start and --rehearsal-seconds-per-hour")
    if args.night_start is None:
        return Night.scheduled(args.date)
    return Night(args.date, args.night_start, args.rehearsal_seconds_per_hour)


def _cell(text: str) -> Cell:
    source, _, tipo = text.partition("/")
    if not source or tipo not in (CARGO, ABONO):
        raise argparse.ArgumentTypeError(f"{text!r} is not <source>/CARGO or <source>/ABONO")
    return Cell(source, tipo)


def _run(args: argparse.Namespace) -> int:
    from podemos.regulatory import contingency
    from podemos.regulatory.channels import Courier
    from podemos.regulatory.deliver import deliver
    from podemos.regulatory.kms import kms_signer

    outside, night = Outside(args.endpoint), _night(args)
    signer = None if night.rehearsal else kms_signer(outside.client("kms"), outside.platform.signing_key)
    began = system_clock()

    def beat(own: Night, stage: str) -> None:
        marks.leave(outside.lake, own, f"{marks.CONTINGENCY}.{stage}", began, system_clock())

    ended = contingency.run(
        args.date,
        lake=outside.lake,
        reports=outside.reports,
        platform=outside.platform,
        sources=sources(),
        policy=policy(),
        clock=system_clock,
        signer=signer,
        send=partial(outside.send, rehearsal=night.rehearsal),
        say=_line,
        night=night,
        beat=beat,
    )
    for reason in ended.reasons:
        _line(reason)
    if ended.manifest:
        courier = Courier(*map(outside.client, ("s3", "ses", "secretsmanager")))
        deliver(ended.manifest, reports=outside.reports, delivery=delivery(), carrier=courier, clock=system_clock)
        _line(f"delivered: {', '.join(channel.name for channel in delivery().channels)}")
    _line(json.dumps({"business_date": args.date.isoformat(), "outcome": ended.outcome, "report": ended.manifest}))
    return 0 if ended.manifest else HELD


def _forecast(args: argparse.Namespace) -> int:
    from podemos.regulatory.forecast import forecast

    args.date = args.date or zone_table().accounting_day(system_clock()) - timedelta(days=1)
    outside, night = Outside(args.endpoint), _night(args)
    found = forecast(night, night.at(args.at) if args.at else system_clock(), lake=outside.lake, sources=sources())
    _line(f"{args.date} at {night.clock(found.at)}, by {found.basis}:")
    for step, clock in found.path:
        _line(f"  {clock}  {step}")
    _line(f"delivered at {night.clock(found.finish)}, in 95 of 100 nights by {night.clock(found.late)}; "
          f"by 06:00 in {found.percent} of 100")  # fmt: skip
    for fallback, clock in found.latest:
        _line(f"latest safe start {clock}: {fallback}")
    _line(json.dumps(found.to_dict(), ensure_ascii=False))
    return 0


def _rebuild(args: argparse.Namespace) -> int:
    from podemos.regulatory import rebuild

    outside = Outside(args.endpoint)
    found = rebuild.rebuild(
        args.date, args.version, lake=outside.lake, reports=outside.reports, rehearsal=args.rehearsal
    )
    for file in found.files:
        differs = f"DIFFERS: {file.published} by the manifest, {file.rebuilt} rebuilt, {file.held or 'nothing'} held"
        _line(f"{file.name}: {'identical' if file.identical else differs}")
    for difference in found.differences:
        _line(difference)
    _line(json.dumps({"business_date": args.date.isoformat(), "version": args.version, "identical": found.identical}))
    return 0 if found.identical else 1


def _locks(args: argparse.Namespace) -> int:
    from podemos.regulatory.keys import reports_folder
    from podemos.regulatory.locks import unlocked
    from podemos.regulatory.versions import MANIFEST

    outside = Outside(args.endpoint)
    key = f"{reports_folder(args.date, rehearsal=False)}v{args.version}/{MANIFEST}"
    found = unlocked(key, reports=outside.reports, retention=outside.platform.retention)
    for line in found:
        _line(line)
    _line(json.dumps({"business_date": args.date.isoformat(), "version": args.version, "locked": not found}))
    return 1 if found else 0


def _trace(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    found = trace(
        args.date,
        args.cell,
        lake=outside.lake,
        reports=outside.reports,
        version=args.version,
        movement=args.movement,
    )
    _line(f"{found['report']}: {found['cell']}: {found['movements']} movements, {found['cents']} cents")
    for file in found["files"]:
        _line(f"  file {file['key']} (version {file['version']}, SHA-256 {file['sha256'][:16]}…): "
              f"{file['movements']} movements, {file['cents']} cents")  # fmt: skip
    for line in found["lines"]:
        _line(f"  {line['id_movimiento']}: {line['cents']} cents, row {line['file']['row']} of {line['file']['key']}")
        if came := line.get("lake"):
            chunk, run = came["chunk"] or {}, came["run"] or {}
            _line(f"    landed in {chunk.get('key')}, as of {(came['pull'] or {}).get('as_of')}, by {run.get('owner')}")
    _line(json.dumps(found, ensure_ascii=False))
    return 0


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
