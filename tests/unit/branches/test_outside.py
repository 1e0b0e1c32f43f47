from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from podemos.branches.outside import Server, connections, server
from podemos.contracts.branches import Branch, Extraction
from podemos.core.errors import ContractViolation

WANTED = Server("db.local", 3310, "lector", "p@ss/ñ", "tienda")
OBJECT = {"conn_type": "mysql", "host": "db.local", "port": 3310, "login": "lector", "password": "p@ss/ñ",
          "schema": "tienda"}  # fmt: skip
URI = "mysql://lector:p%40ss%2F%C3%B1@db.local:3310/tienda"


@pytest.mark.parametrize("given", [OBJECT, json.dumps(OBJECT), URI])
def test_a_connection_is_an_object_its_text_or_a_uri(given: Any) -> None:
    assert server(given, "sucursal_001") == WANTED


def test_a_password_from_outside_wins_and_none_is_shown() -> None:
    found = server("mysql://lector@db.local/tienda", "--dsn", "secreta")
    assert (found.password, found.port) == ("secreta", 3306)
    assert "secreta" not in repr(found)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("postgres://a@b/c", "give mysql://"),
        ("mysql://a@b:puerto/c", "no URI"),
        ("mysql://db.local/tienda", "no login"),
        ({**OBJECT, "schema": ""}, "no schema"),
        ({**OBJECT, "extra": "{}"}, "give mysql://"),
        ("{", "not JSON"),
        (3, "give mysql://"),
    ],
)
def test_what_is_no_connection_is_refused_by_name(given: Any, what: str) -> None:
    with pytest.raises(ContractViolation, match=what) as refusal:
        server(given, "sucursal_001")
    assert str(refusal.value).startswith("sucursal_001: ")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    limits = Extraction(tables=("pagos",))
    with pytest.raises(ContractViolation, match="give a JSON file"):
        connections(tmp_path / "missing.json", {}, limits)
    connect = connections(None, {}, limits)
    with pytest.raises(ContractViolation, match="AIRFLOW_CONN_SUCURSAL_007"):
        connect(Branch(id="007", nombre="Siete", zone="America/Tijuana"))
