"""Each requirements file that MWAA would install badly, or not at all, is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import requirements_gate
from tools.requirements_gate import Cost, cost, judge

BAD = Path(__file__).parent / "requirements"
REASONS = {
    "commented_constraint": "line 1 holds a constraint option; MWAA would drop its own constraints: # to pin again",
    "pinned_by_image": "celery is part of the image; remove the line",
    "shipped_by_image": "apache-airflow-providers-amazon is part of the image; remove the line",
    "from_elsewhere": "line 1 takes a package from elsewhere than the index",
    "unresolvable": "does not resolve on the image's pins",
    "oversize": "oversize: ",
}


def test_every_bad_file_has_its_reason():
    assert {path.stem for path in BAD.glob("*.txt")} == REASONS.keys()


RESOLVED = pytest.mark.night
"""They ask the package index; `make requirements-gate` runs them."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=RESOLVED if n in ("unresolvable", "oversize") else ()) for n in REASONS]
)
def test_a_bad_file_fails_with_its_reason_and_no_other(name, capsys):
    assert requirements_gate.main([str(BAD / f"{name}.txt")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert REASONS[name] in told[0]
    assert len([line for line in told if line.startswith(f"{name}.txt: ")]) == 1


@RESOLVED
def test_our_own_file_fits():
    found, costs = judge(requirements_gate.REQUIREMENTS)
    assert found == []
    assert costs is not None and 50 < costs.megabytes < requirements_gate.BUDGET_MB


def test_what_has_no_wheel_for_the_image_is_counted_as_compiled():
    def package(name, *wheels):
        return {"name": name, "wheels": [{"name": w, "size": 10_000_000} for w in wheels], "sdist": {"size": 1_000_000}}

    lock = {
        "packages": [
            package("pure", "pure-1-py3-none-any.whl"),
            package("right", "right-1-cp312-cp312-manylinux_2_28_x86_64.whl", "right-1-cp312-cp312-win_amd64.whl"),
            package(
                "other", "other-1-cp313-cp313-manylinux_2_28_x86_64.whl", "other-1-cp312-cp312-macosx_11_0_arm64.whl"
            ),
        ]
    }
    assert cost(lock) == Cost(3, 21.0, ("other",))
    assert Cost(1, 1.0, tuple("abcde")).faults()[0].startswith("too slow: ")
