"""What a phone owes, from the tables that the shipped compaction makes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from podemos.core import manifest
from podemos.mobile import gaps, sightings
from podemos.mobile.heartbeat import MemoryHeartbeats
from podemos.mobile.upload import Upload
from tests.unit.mobile import events
from tests.unit.mobile.compacting import World

PHONE = events.device(1)


class Watched(World):
    """A world whose phones are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.phones, self.sent = MemoryHeartbeats(), list[str]()

    def heard(self, head: int, last: int = 0, install: str = "install-1") -> None:
        about = Upload(PHONE, install, "norte", events.branch(1), self.now, self.now, head=head)
        self.phones.heard(about, last)

    def certify(self) -> Mapping[str, Any]:
        def send(subject: str, body: str, attributes: Mapping[str, str]) -> None:
            self.sent.append(subject)

        gaps.certify(lake=self.lake, heartbeats=self.phones, clock=self.clock, send=send)
        return gaps.board_of(self.lake)[PHONE]

    def missing(self) -> list[tuple[int, int, str]]:
        certificate, _ = manifest.read(self.lake, self.certify()["certificate"])
        return [(line["first"], line["last"], line["debt"]) for line in certificate["missing"]]


@pytest.fixture
def world() -> Watched:
    return Watched()


def send(world: Watched, *numbers: int, head: int = 0) -> None:
    """An upload of these events of the phone."""
    stream = list(events.events(1, 20))
    world.put([stream[number - 1] for number in numbers])
    world.heard(head or max(numbers), max(numbers))


def test_a_phone_owes_what_lies_between_and_up_to_its_own_count(world: Watched) -> None:
    send(world, 1, 2, 3, 8, 9, head=12)
    world.run()
    assert world.missing() == [(4, 7, "owed"), (10, 12, "owed")]
    [first, _] = world.certify()["lines"]
    assert first == f"phone {PHONE} owes 4 events of 2026-11-20 (numbers 4 to 7)"


def test_what_arrives_late_ends_the_debt_and_an_unchanged_phone_has_no_new_certificate(world: Watched) -> None:
    send(world, 1, 2, 5)
    world.run()
    before = world.certify()["certificate"]
    world.now += timedelta(minutes=30)
    assert world.certify()["certificate"] == before
    send(world, 4, 3)  # in any order, in another revision
    assert world.missing() == [(3, 4, "on_its_way")]
    world.run()
    assert world.missing() == []
    assert len(list(world.lake.list(f"mobile/gaps/{PHONE}/"))) == 3


def test_a_line_in_quarantine_has_arrived(world: Watched) -> None:
    stream = list(events.events(1, 3))
    refused = events.line(stream[1]).replace(b'"id_sucursal":', b'"id_sucursal":-')
    world.put([stream[0], stream[2]], lines=[refused])
    world.heard(3, 3)
    world.run()
    certificate, _ = manifest.read(world.lake, world.certify()["certificate"])
    assert (certificate["seen"], certificate["quarantined"], certificate["missing"]) == (2, 1, [])


def test_what_an_earlier_installation_did_not_send_is_lost_with_it(world: Watched) -> None:
    send(world, 1, 2, head=6)
    world.run()
    assert world.missing() == [(3, 6, "owed")]
    world.heard(6, install="install-2")
    assert world.missing() == [(3, 6, "lost_with_install")]
    stream = list(events.events(1, 20))
    world.put([stream[8]], install="install-2")  # 7 and 8 are in the new outbox
    world.heard(9, 9, install="install-2")
    world.run()
    assert world.missing() == [(3, 6, "lost_with_install"), (7, 8, "owed")]


def test_a_stolen_phone_is_expected_to_send_nothing(world: Watched) -> None:
    send(world, 1, 4)
    world.run()
    world.phones.block(PHONE, True)
    world.heard(4)
    assert world.missing() == [(2, 3, "blocked")]


def test_a_hole_that_later_events_have_passed_for_a_day_is_told_once(world: Watched) -> None:
    send(world, 1, 2, 5, head=9)
    world.run()
    for _ in range(4):
        world.certify()
        world.now += timedelta(hours=13)
    assert world.sent == [f"Phone {PHONE} owes 6 events although later ones came"]


def test_a_lost_state_is_read_anew_from_the_tables(world: Watched) -> None:
    for numbers in ((1, 2), (3, 7), (5, 8)):
        send(world, *numbers)
        world.run()
        world.certify()
    kept = sightings.load(world.lake)
    anew = sightings.Sightings()
    sightings.advance(anew, sightings.revisions.latest(world.lake), world.lake)
    assert anew == kept
    assert world.missing() == [(4, 4, "owed"), (6, 6, "owed")]
