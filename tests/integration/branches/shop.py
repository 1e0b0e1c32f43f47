"""A branch with one table whose tills keep transactions open, and the lake that it is pulled into."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from podemos.branches import chunk
from podemos.branches.branch_pull import BranchPull
from podemos.branches.ports import Ports
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, Extraction
from podemos.contracts.tables import contract
from podemos.core.clock import system_clock
from podemos.core.store import MemoryStore

from .bare import Bare

TABLE = contract("pagos").compiled()
BRANCH = Branch(id="001", nombre="Tienda", zone="America/Tijuana")
DDL = """CREATE OR REPLACE TABLE pagos (
  id_pago BIGINT PRIMARY KEY, id_prestamo BIGINT NOT NULL, id_cliente BIGINT NOT NULL, monto DECIMAL(18,2) NOT NULL,
  fecha_pago DATETIME NOT NULL, status_pago VARCHAR(20) NOT NULL, otros_datos VARCHAR(256),
  updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), KEY (updated_at, id_pago), KEY (fecha_pago))"""
PAY = (
    "INSERT INTO pagos (id_pago, id_prestamo, id_cliente, monto, fecha_pago, status_pago) "
    "VALUES ({0}, 1, 1, {0}, NOW(), 'PAGADO')"
)


class Shop:
    """One table at one branch, and the lake that it is pulled into."""

    def __init__(self, server: Bare) -> None:
        self.server, self.lake, self.state = server, MemoryStore(), MemoryState()
        self.open: list[Any] = []
        self.busy: list[threading.Thread] = []
        server.run(DDL, schema="tienda")

    def till(self, *statements: str, commit: bool = False) -> Any:
        """A session that writes; its transaction stays open."""
        connection = self.server.connect("caja")
        self.open.append(connection)
        for statement in statements:
            connection.query(statement)
            connection.store_result()
        if commit:
            connection.commit()
        return connection

    def meanwhile(self, work: Callable[..., Any], *values: Any) -> threading.Thread:
        """Runs beside the test, which waits for it before it closes its connections."""
        thread = threading.Thread(target=work, args=values, daemon=True)
        self.busy.append(thread)
        thread.start()
        return thread

    def pull(self, user: str = "vigia", **limits: Any) -> BranchPull:
        extraction = Extraction(tables=("pagos",), **{"hold_back": "transactions", "lag_seconds": 0} | limits)
        connect: Callable[[Branch], Any] = lambda _: self.server.connect(user)  # noqa: E731
        ports = Ports(self.lake, self.state, connect, system_clock, "test", extraction)
        pull = BranchPull(ports, BRANCH, (TABLE,))
        pull.run()
        assert pull.troubles == {}
        return pull

    def landed(self, pull: BranchPull) -> list[int]:
        found: list[int] = []
        for _, part in pull.landed:
            if part.chunk:
                found += chunk.read(self.lake.get(part.chunk.key))["id_pago"].to_pylist()
        return sorted(found)
