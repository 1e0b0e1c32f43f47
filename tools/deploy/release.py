"""A release and its way back. Dependencies first, DAG files last; every file by the version id that S3 gave it.

What went out is kept in the artifacts bucket as `releases/<n>.json`, created once: a rollback reads it and needs no
checkout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podemos.core.clock import iso
from podemos.core.errors import AlreadyExists
from podemos.core.store import S3Store
from tools.deploy import environment, objects, smoke, stacks
from tools.deploy.bundle import Bundle
from tools.deploy.objects import PINNED, Put
from tools.deploy.target import DeployFailed, Refused, Target, refuse_by_night

FOLDER = "releases/"
MOBILE_FUNCTIONS = ("ingest.zip", "process_events.zip")


@dataclass(frozen=True)
class Release:
    """What an environment was given.

    Attributes:
        number: counts up.
        commit: of the bundle.
        glue: folder of the Glue scripts.
        functions: folder of the functions.
        files: every file with its digest and version.
        parameters: stack -> parameter -> value, as they were set.
        at: when, UTC.
        forced: why it went out by night.
        back_to: the release that this one restores.
        dags: the plugins and DAG ids that the smoke test expects.
    """

    number: int
    commit: str
    glue: str
    functions: str
    files: Mapping[str, Put]
    parameters: Mapping[str, Mapping[str, str]]
    at: str
    forced: str | None = None
    back_to: int | None = None
    expected: Mapping[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """As it is kept."""
        document = vars(self) | {"files": {name: put.to_dict() for name, put in sorted(self.files.items())}}
        return json.dumps(document, indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Release:
        """As it was kept."""
        document = json.loads(data)
        return cls(**document | {"files": {name: Put(**put) for name, put in document["files"].items()}})


def deploy(
    target: Target,
    bundle: Bundle,
    templates: Mapping[str, Mapping[str, Any]] | None,
    *,
    force: str | None = None,
    parameters: Mapping[str, str] | None = None,
    unpause: bool = False,
) -> Release:
    """Brings the environment to the bundle.

    Args:
        target: the environment.
        bundle: what `make bundle` wrote, of a clean commit.
        templates: stack -> template; None leaves all templates as they are.
        force: why it must go out by night.
        parameters: of stacks, that no release sets: image tag, identity provider.
        unpause: start the tier-1 DAGs that are paused, as after the first deployment.

    Raises:
        Refused: by night, or the bundle is of uncommitted files.
        DeployFailed: a step failed; the same command again goes on from there, `rollback` goes back.
    """
    forced = refuse_by_night(target.clock(), force)
    if bundle.commit.endswith("-dirty"):
        raise Refused("the bundle is of uncommitted files; commit, `make bundle` again")
    target.say(f"1 foundation of {target.mwaa}")
    for concern in stacks.BEFORE_FILES:
        if templates is not None:
            stacks.ensure(target, concern, templates[concern], parameters or {})
    before = latest(target)
    known = before.files if before else {}
    target.say("2 dependencies: Glue, functions, plugins, requirements, startup script")
    files = objects.put_dependencies(target, bundle, known)
    target.say("3 stacks that use them")
    values = {"GlueRelease": bundle.glue, "FunctionsRelease": bundle.functions, "ContingencyTag": bundle.commit}
    values |= {parameter: files[name].version for name, parameter in PINNED.items()}
    values |= parameters or {}
    for concern in concerns(bundle):
        stacks.ensure(target, concern, templates[concern] if templates is not None else None, values)
    environment.wait_until_available(target)
    target.say("4 DAG files, what they import first")
    files |= objects.put_dags(target, bundle, known)
    expected = smoke.expected_of(bundle)
    release = Release(
        number=(before.number if before else 0) + 1,
        commit=bundle.commit,
        glue=bundle.glue,
        functions=bundle.functions,
        files=files,
        parameters=dict.fromkeys(concerns(bundle), values),
        at=iso(target.clock()),
        forced=forced,
        expected=expected,
    )
    _keep(target, release)
    target.say("5 pools, then the smoke test")
    environment.apply_pools(target)
    if unpause:
        environment.unpause(target)
    smoke.check(target, expected, bundle.commit)
    target.say(f"release {release.number} of {target.mwaa}: commit {release.commit[:12]} is live")
    return release


def rollback(target: Target, *, to: int | None = None, force: str | None = None) -> Release:
    """Brings back an earlier release: its stacks' parameters, then its files by version id, DAG files last.

    Args:
        target: the environment.
        to: its number; default is the one before the newest.
        force: why it must be by night.

    Raises:
        Refused: by night, or there is no such release.
        DeployFailed: a step failed.
    """
    forced = refuse_by_night(target.clock(), force)
    newest = latest(target)
    number = to if to is not None else (newest.number - 1 if newest else 0)
    if newest is None or not 1 <= number < newest.number:
        raise Refused(f"{target.mwaa} has {newest.number if newest else 0} releases; there is no earlier one {number}")
    wanted = read(target, number)
    target.say(f"back from release {newest.number} to {wanted.number}, commit {wanted.commit[:12]}")
    target.say("1 stacks: the parameters of that release, with their present templates")
    for concern in stacks.ORDER:
        if concern in wanted.parameters:
            stacks.ensure(target, concern, None, wanted.parameters[concern])
    environment.wait_until_available(target)
    target.say("2 DAG files by their version ids, what they import first")
    files = {name: put for name, put in wanted.files.items() if not name.startswith("dags/")}
    files |= objects.restore(target, wanted.files, "dags/")
    release = Release(
        number=newest.number + 1,
        commit=wanted.commit,
        glue=wanted.glue,
        functions=wanted.functions,
        files=files,
        parameters=wanted.parameters,
        at=iso(target.clock()),
        forced=forced,
        back_to=wanted.number,
        expected=wanted.expected,
    )
    _keep(target, release)
    target.say("3 the smoke test")
    smoke.check(target, wanted.expected, wanted.commit)
    target.say(f"release {release.number} of {target.mwaa}: commit {release.commit[:12]} is live again")
    return release


def concerns(bundle: Bundle) -> list[str]:
    """The stacks that a bundle can fill, in order: no mobile path without its functions."""
    has_mobile = all(f"functions/{bundle.functions}/{name}" in bundle.files for name in MOBILE_FUNCTIONS)
    return [c for c in stacks.ORDER if c not in stacks.BEFORE_FILES and (c != "mobile" or has_mobile)]


def latest(target: Target) -> Release | None:
    """The newest release, None before the first."""
    names = [info.key for info in _store(target).list(FOLDER)]
    return read(target, _number(names[-1])) if names else None


def read(target: Target, number: int) -> Release:
    """A release by its number."""
    return Release.from_json(_store(target).get(_key(number)))


def _keep(target: Target, release: Release) -> None:
    try:
        _store(target).put_new(_key(release.number), release.to_json(), "application/json")
    except AlreadyExists as error:
        raise DeployFailed(
            f"release {release.number} exists: somebody else released meanwhile. Look who, then deploy again"
        ) from error


def _store(target: Target) -> S3Store:
    return S3Store(target.clients("s3"), target.names.artifacts_bucket)


def _key(number: int) -> str:
    return f"{FOLDER}{number:06d}.json"


def _number(key: str) -> int:
    return int(key.removeprefix(FOLDER).removesuffix(".json"))
