"""The CDK app. `python -m infra.app --env prod --out build/infra/prod` needs neither AWS, nor npm, nor a bootstrap."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk

from infra.site import HouseStack, Site
from infra.stacks.data import DataStack
from infra.stacks.mobile import MobileStack
from infra.stacks.mwaa import MwaaStack
from infra.stacks.network import NetworkStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.storage import StorageStack
from podemos.contracts.deployment import deployment

FLAGS = {
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,  # instead of an ACL, which such buckets refuse
}


@dataclass(frozen=True)
class House:
    """An app with its stacks, in the order in which they are created."""

    app: cdk.App
    stacks: dict[str, HouseStack]


def build(environment: str | None = None, out: str | None = None) -> House:
    """The app of one environment: `environment`, or the context `env` (`cdk synth -c env=dev`), else dev.

    Raises:
        ValueError: deployment.yaml has no such environment.
    """
    app = cdk.App(outdir=out, analytics_reporting=False, context=FLAGS)
    site = Site(environment or app.node.try_get_context("env") or "dev", deployment())
    network, storage = NetworkStack(app, site), StorageStack(app, site)
    data = DataStack(app, site, network, storage)
    stacks = [
        network,
        storage,
        data,
        MwaaStack(app, site, network, storage, data),
        MobileStack(app, site, storage),
        ObservabilityStack(app, site, network, storage),
    ]
    return House(app, {stack.node.id: stack for stack in stacks})


def main(arguments: Sequence[str]) -> int:
    """Writes the templates and prints their names, in order."""
    parser = argparse.ArgumentParser(prog="python -m infra.app", description=__doc__)
    parser.add_argument("--env")
    parser.add_argument("--out", help="default: what the CDK CLI says, else cdk.out")
    given = parser.parse_args(arguments)
    house = build(given.env, given.out)
    folder = Path(house.app.synth().directory)
    for stack in house.stacks.values():
        sys.stdout.write(f"{folder / stack.template_file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
