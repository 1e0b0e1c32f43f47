"""A night may follow another when nothing that was delivered would have to be taken back."""

from dataclasses import replace
from datetime import date

import pytest

from local.platform import dataset
from local.platform.dataset import Dataset
from local.sources.catalog import UnknownSource

HELD = Dataset(date(2026, 11, 19), branches=20, rows=200, movements=400)


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        ({}, {}, True),
        ({"scenario": "held"}, {"scenario": "held"}, True),
        ({"scenario": "held"}, {"scenario": "complete"}, True),
        ({"scenario": "tampered"}, {"scenario": "complete"}, True),
        ({"scenario": "complete"}, {"scenario": "partial"}, False),
        ({"scenario": "partial"}, {"scenario": "held"}, False),
        ({}, {"rows": 1000}, False),
        ({}, {"branches": 200}, False),
        ({}, {"business_date": date(2026, 11, 20)}, False),
        ({"withheld": ("spei",)}, {}, True),
        ({"withheld": ("spei",)}, {"withheld": ("spei",)}, True),
        ({}, {"withheld": ("spei",)}, False),
    ],
)
def test_what_may_follow(before, after, follows):
    assert replace(HELD, **after).follows(replace(HELD, **before)) is follows


def test_it_is_remembered_and_forgotten(tmp_path):
    assert dataset.read(tmp_path) is None
    dataset.write(tmp_path, replace(HELD, withheld=("spei",)))
    assert dataset.read(tmp_path) == replace(HELD, withheld=("spei",))
    dataset.forget(tmp_path)
    assert dataset.read(tmp_path) is None


def test_sources_are_withheld_and_released(tmp_path):
    dataset.withhold(tmp_path, "spei")
    dataset.withhold(tmp_path, "nucleo_credito")
    dataset.withhold(tmp_path, "spei")
    assert dataset.withheld(tmp_path) == ["nucleo_credito", "spei"]
    assert dataset.release(tmp_path, "spei") == ["spei"]
    assert dataset.release(tmp_path, None) == ["nucleo_credito"]
    assert dataset.withheld(tmp_path) == []


def test_an_unknown_source_can_not_be_withheld(tmp_path):
    with pytest.raises(UnknownSource, match="'nobody'"):
        dataset.withhold(tmp_path, "nobody")
