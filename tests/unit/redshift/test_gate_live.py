"""Catalogs with traps: what the four views show, omit and call otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from podemos.redshift import gate
from podemos.redshift.live import live_tables
from podemos.warehouse.literals import Names, Typed
from podemos.warehouse.port import Row

TODAY = date(2026, 11, 24)
FILES = "redshift/catalog/select_"


@dataclass
class Catalog:
    """Answers the gate's four queries with the rows of a hand-made catalog, through the port of a warehouse."""

    tables: list[Row] = field(default_factory=list)
    columns: list[Row] = field(default_factory=list)
    designs: list[Row] = field(default_factory=list)
    definitions: list[Row] = field(default_factory=list)
    searched: list[tuple[str, ...]] = field(default_factory=list)

    def execute(self, sql: Any, values: Any = None, literals: Any = None) -> None:
        raise AssertionError("the gate only reads")

    def fetch(self, sql: Any, values: Any = None, literals: Mapping[str, Typed] | None = None) -> Iterator[Row]:
        if sql == f"{FILES}definitions.sql":
            names = (literals or {})["schemas"]
            assert isinstance(names, Names)
            self.searched.append(names.values)
            return iter([row for row in self.definitions if row["schemaname"] in names.values])
        return iter({"tables": self.tables, "columns": self.columns, "designs": self.designs}[sql[len(FILES) : -4]])

    def add(
        self,
        schema: str,
        table: str,
        *,
        dist: str | None = "EVEN",
        sortkey1: str | None = None,
        sortkeys: tuple[int, ...] = (1, 0),
        encodings: tuple[str, ...] = ("none", "zstd"),
        shown: bool = True,
    ) -> None:
        """A commented table of two columns, `dia` and `nota`; `dist` None leaves it out of SVV_TABLE_INFO."""
        self.tables.append({"table_schema": schema, "table_name": table, "remarks": "Una tabla"})
        if dist is not None:
            self.designs.append({"schema": schema, "table": table, "diststyle": dist, "sortkey1": sortkey1})
        for at, (name, kind, size) in enumerate((("dia", "date", None), ("nota", "character varying", 256))):
            names = {"table_schema": schema, "table_name": table}
            self.columns.append(
                {**names, "column_name": name, "data_type": kind, "character_maximum_length": size, "remarks": "Una"}
            )
            if shown:
                self.definitions.append(
                    {
                        "schemaname": schema,
                        "tablename": table,
                        "column": name,
                        "column_encoding": encodings[at],
                        "distkey": False,
                        "sortkey": sortkeys[at],
                    }
                )


def rules(catalog: Catalog) -> list[str]:
    """What is found besides the missing card, which these tables never have."""
    return [o.rule for o in gate.over_live(catalog, TODAY).offences if o.rule != "sensitivity"]


@pytest.mark.parametrize(
    ("design", "found"),
    [
        ({}, []),
        ({"dist": "KEY(dia)"}, []),
        ({"dist": "AUTO(KEY(dia))"}, []),
        ({"dist": "AUTO(ALL)"}, ["dist_style"]),
        ({"dist": "AUTO(EVEN)"}, ["dist_style"]),
        ({"sortkeys": (0, 0)}, ["sort_key"]),
        ({"sortkeys": (0, 0), "sortkey1": "AUTO(SORTKEY)"}, ["sort_key"]),
        ({"sortkeys": (0, 0), "sortkey1": "AUTO(SORTKEY(dia))"}, []),
        ({"sortkeys": (-1, 2)}, []),
        ({"encodings": ("none", "none")}, ["encoding"]),
        ({"sortkeys": (0, 1), "encodings": ("none", "none")}, []),
        ({"dist": None}, ["not_seen"]),
        ({"dist": None, "sortkeys": (0, 0)}, ["sort_key", "not_seen"]),
        ({"shown": False, "sortkey1": "dia"}, []),
        ({"shown": False, "dist": None}, ["not_seen"]),
    ],
)
def test_what_is_in_force_counts(design: dict[str, Any], found: list[str]) -> None:
    catalog = Catalog()
    catalog.add("core", "bien")
    catalog.add("core", "t", **design)
    assert rules(catalog) == found


def test_an_interleaved_key_keeps_its_order() -> None:
    catalog = Catalog()
    catalog.add("core", "t", sortkeys=(-2, 1))
    assert live_tables(catalog).tables[0].sort == ("nota", "dia")


def test_every_schema_of_the_database_is_searched() -> None:
    catalog = Catalog()
    for number in range(250):
        catalog.add(f"s{number:03}", "t")
    assert rules(catalog) == []
    assert [len(names) for names in catalog.searched] == [200, 50]


def test_a_user_who_sees_too_little_is_told_so_and_nothing_passes_as_well() -> None:
    catalog = Catalog()
    catalog.add("core", "t", dist=None, shown=False)
    verdict = gate.over_live(catalog, TODAY)
    assert verdict.notes[0].startswith("SVV_TABLE_INFO shows no table")
    assert verdict.notes[1].startswith("PG_TABLE_DEF does not show 1 tables, first core.t")


def test_quoted_names_are_quoted_in_the_line_to_add() -> None:
    catalog = Catalog()
    catalog.add('mi "esquema"', "Mi Tabla", sortkeys=(0, 0))
    found = [o for o in gate.over_live(catalog, TODAY).offences if o.rule == "sort_key"]
    assert [o.add for o in found] == ['ALTER TABLE "mi ""esquema"""."Mi Tabla" ALTER SORTKEY (dia);']
    assert catalog.searched == [('mi "esquema"',)]


def test_a_contract_table_is_addressed_to_its_owner() -> None:
    catalog = Catalog()
    catalog.add("core", "pagos_historicos", sortkeys=(0, 0))
    catalog.add("core", "desconocida", sortkeys=(0, 0))
    by_owner = gate.over_live(catalog, TODAY).by_owner()
    assert {o.table for offences in by_owner.values() for o in offences} == {
        "core.pagos_historicos",
        "core.desconocida",
    }
    (stale,) = {o.severity for o in gate.over_live(catalog, TODAY).offences if o.rule == "stale_sensitivity"}
    assert stale == "warning"


def test_ten_thousand_tables() -> None:
    catalog = Catalog()
    for number in range(10_000):
        catalog.add(f"s{number % 7}", f"t{number}", sortkeys=(int(number % 100 != 0), 0))
    assert rules(catalog) == ["sort_key"] * 100
