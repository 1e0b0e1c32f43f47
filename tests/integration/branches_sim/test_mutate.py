"""Activity after the seed: on record to the cent, repeatable, and partly invisible to any watermark."""

from contextlib import closing
from dataclasses import asdict, replace

from local.branches import truth
from local.branches.mutate import Activity, Change, advance
from local.branches.testing import RunningBranches


def one(platform: RunningBranches, branch: int, sql: str, *values: object) -> tuple:
    with closing(platform.root(branch)) as root:
        cursor = root.cursor()
        cursor.execute(sql, values)
        return cursor.fetchone()


def totals(platform: RunningBranches, branch: int) -> tuple[int, int]:
    count, amount = one(platform, branch, "SELECT COUNT(*), SUM(monto) FROM pagos")
    return count, truth.cents(amount)


def of_branch(changes: list[Change], branch: str, *kinds: str) -> list[Change]:
    return [change for change in changes if change.branch == branch and (not kinds or change.kind in kinds)]


def test_the_record_explains_every_cent_that_moved(fresh: RunningBranches):
    before = {branch.number: totals(fresh, branch.number) for branch in fresh.settings.all_branches()}
    changes = advance(fresh.settings, fresh.business_date)
    for branch in fresh.settings.all_branches():
        count, cents = before[branch.number]
        mine = of_branch(changes, branch.id)
        appeared = len(of_branch(changes, branch.id, "new", "late", "backdated"))
        deleted = len(of_branch(changes, branch.id, "delete"))
        assert totals(fresh, branch.number) == (
            count + appeared - deleted,
            cents + sum(change.cents for change in mine),
        )
    assert truth.changes(fresh.settings) == [asdict(change) for change in changes]


def test_the_same_step_on_the_same_data_does_the_same(fresh: RunningBranches):
    first = advance(fresh.settings, fresh.business_date, 2)
    fresh.reseed()
    assert truth.changes(fresh.settings) == []
    assert advance(fresh.settings, fresh.business_date, 2) == first
    assert advance(fresh.settings, fresh.business_date, 3) != first


def test_a_watermark_sees_new_late_and_edited_rows_but_not_the_others(fresh: RunningBranches):
    (watermark,) = one(fresh, 4, "SELECT MAX(updated_at) FROM pagos")
    changes = advance(fresh.settings, fresh.business_date, branches=[4])
    above = dict.fromkeys(("new", "late", "edit", "silent_edit", "backdated"), 0)
    for change in of_branch(changes, "004", *above):
        (seen,) = one(fresh, 4, "SELECT updated_at > %s FROM pagos WHERE id_pago = %s", watermark, change.key)
        above[change.kind] += seen
    assert above == {"new": 5, "late": 2, "edit": 2, "silent_edit": 0, "backdated": 0}


def test_only_the_named_branches_change(fresh: RunningBranches):
    before = totals(fresh, 5)
    changes = advance(fresh.settings, fresh.business_date, branches=["004"])
    assert {change.branch for change in changes} == {"004"}
    assert totals(fresh, 5) == before


def test_the_parents_that_were_announced_arrive_once(fresh: RunningBranches):
    nothing = Activity(new=0, late=0, edits=0, silent_edits=0, backdated=0, deletes=0)
    changes = advance(fresh.settings, fresh.business_date, 1, nothing)
    assert [(change.branch, change.table) for change in changes] == [
        ("002", "prestamos"), ("002", "clientes"), ("002", "prestamos"), ("007", "prestamos"),
        ("012", "prestamos"), ("012", "clientes"), ("012", "prestamos"),
    ]  # fmt: skip
    orphans = [m for m in truth.expected_movements(fresh.settings, fresh.business_date) if m.missing]
    assert [(m.id_sucursal, m.missing) for m in orphans] == [(n, ("clientes",)) for n in (2, 7, 12)]
    assert advance(fresh.settings, fresh.business_date, 2, nothing) == []


def test_the_highest_id_is_never_deleted_and_so_never_given_out_again(fresh: RunningBranches):
    (highest,) = one(fresh, 4, "SELECT MAX(id_pago) FROM pagos WHERE id_pago < 900000")
    quiet = Activity(new=0, late=0, edits=0, silent_edits=0, backdated=0, deletes=198)
    advance(fresh.settings, fresh.business_date, 1, quiet, branches=[4])
    assert one(fresh, 4, "SELECT COUNT(*), MIN(id_pago) FROM pagos") == (2, highest)
    [new] = advance(fresh.settings, fresh.business_date, 2, replace(quiet, new=1, deletes=0), branches=[4])
    assert new.key == highest + 1


def test_an_id_is_never_given_out_twice(fresh: RunningBranches):
    changes = [change for step in range(1, 6) for change in advance(fresh.settings, fresh.business_date, step)]
    appeared = [(change.branch, change.key) for change in changes if change.kind in {"new", "late", "backdated"}]
    assert len(appeared) == len(set(appeared)) == 14 * 8 * 5
