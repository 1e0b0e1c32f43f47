"""The critical reports: their SQL with values, and the same conditions for the judge, written by hand.

This list is all that the simulator and the judge have in common. The simulator reads `text`; the judge reads
`alternatives` (any of them, all parts of one) and `columns`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import pyarrow.compute as pc

from podemos.core.paths import include

Part = tuple[str, pc.Expression]
RUNS_MONTH = 30


@dataclass(frozen=True)
class Report:
    """One report as it ran.

    Attributes:
        runs: in the time of the log.
    """

    name: str
    values: dict[str, str | int]
    columns: tuple[str, ...]
    alternatives: tuple[tuple[Part, ...], ...]
    runs: int = 7

    @property
    def text(self) -> str:
        """The SQL of the file with its values, as a query log has it."""
        sql = (include() / "sql" / "reports" / f"select_{self.name}.sql").read_text(encoding="utf-8")
        body = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
        return re.sub(r":(\w+)", lambda found: _literal(self.values[found[1]]), body)


def reports(last: date, client: tuple[int, int]) -> list[Report]:
    """The reports of a day.

    Args:
        last: the newest day in the table.
        client: branch and client whose history is asked for.
    """
    month = last.replace(day=1)
    before = _back(month, 1)
    quarter, half, year = _back(month, 3), _back(month, 6), _back(month, 12)
    dated = {"desde": str(before), "hasta": str(month)}
    in_month = (*_from("fecha_pago", before), *_until("fecha_pago", month))
    paid = ("status_pago", pc.field("status_pago") == "PAGADO")
    refused = ("status_pago", pc.field("status_pago") == "RECHAZADO")
    open_ = ("status_pago", pc.field("status_pago").isin(["PENDIENTE", "RECHAZADO"]))
    waived = (
        "otros_datos",
        (pc.field("otros_datos") >= "Condonación") & (pc.field("otros_datos") < "Condonación\uffff"),
    )
    branch, number = client
    own = ("id_sucursal", pc.field("id_sucursal") == branch)
    on_day = ("fecha_pago", pc.field("fecha_pago") == before)
    until_today = ("fecha_pago", pc.field("fecha_pago") <= last)
    in_quarter = (*_from("fecha_pago", quarter), *_until("fecha_pago", month))
    then_from, then_until = _back(before, 12), _back(month, 12)
    then = (*_from("fecha_pago", then_from), *_until("fecha_pago", then_until))
    return [
        Report(
            "cobranza_mensual",
            dated,
            ("id_sucursal", "monto", "fecha_pago", "status_pago", "borrado"),
            ((*in_month, paid),),
        ),
        Report(
            "historia_cliente",
            {"id_sucursal": branch, "id_cliente": number},
            ("id_sucursal", "id_cliente", "fecha_pago", "id_pago", "id_prestamo", "monto", "status_pago", "borrado"),
            ((own, ("id_cliente", pc.field("id_cliente") == number)),),
            60,
        ),
        Report(
            "cartera_clientes",
            dated,
            ("id_sucursal", "id_cliente", "fecha_pago", "monto", "borrado"),
            (tuple(in_month),),
        ),
        Report(
            "abonos_prestamos",
            {"desde": str(quarter), "hasta": str(month)},
            ("id_sucursal", "id_prestamo", "fecha_pago", "monto", "status_pago", "borrado"),
            ((*in_quarter, paid),),
        ),
        Report(
            "rechazados",
            dated,
            ("id_sucursal", "otros_datos", "monto", "status_pago", "fecha_pago", "borrado"),
            ((*in_month, refused),),
        ),
        Report(
            "pendientes",
            {"desde": str(quarter), "hasta": str(last)},
            ("id_sucursal", "id_pago", "id_cliente", "fecha_pago", "monto", "status_pago", "borrado"),
            ((*_from("fecha_pago", quarter), until_today, open_),),
        ),
        Report(
            "corte_sucursal",
            {"id_sucursal": branch, "desde": str(before)},
            ("id_sucursal", "fecha_pago", "status_pago", "monto", "borrado"),
            ((own, on_day),),
            200,
        ),
        Report(
            "comparativo_anual",
            {**dated, "antes_desde": str(then_from), "antes_hasta": str(then_until)},
            ("id_sucursal", "fecha_pago", "monto", "status_pago", "borrado"),
            ((*in_month, paid), (*then, paid)),
        ),
        Report(
            "condonaciones",
            {"desde": str(year), "hasta": str(month)},
            ("id_sucursal", "otros_datos", "fecha_pago", "monto", "borrado"),
            ((*_from("fecha_pago", year), *_until("fecha_pago", month), waived),),
            1,
        ),
        Report(
            "clientes_constantes",
            {"desde": str(half), "hasta": str(month)},
            ("id_sucursal", "id_cliente", "fecha_pago", "monto", "status_pago", "borrado"),
            ((*_from("fecha_pago", half), *_until("fecha_pago", month), paid),),
            2,
        ),
        Report(
            "dia_contable",
            {"desde": str(before)},
            ("id_sucursal", "fecha_contable", "monto", "borrado"),
            ((("fecha_contable", pc.field("fecha_contable") == before),),),
            RUNS_MONTH,
        ),
    ]


def _from(column: str, day: date) -> list[Part]:
    return [(column, pc.field(column) >= day)]


def _until(column: str, day: date) -> list[Part]:
    return [(column, pc.field(column) < day)]


def _back(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value + "'"
