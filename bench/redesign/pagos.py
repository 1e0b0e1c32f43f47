"""Seeded `core.pagos_historicos`: branches that open one after the other, clients with few payments, months that grow,
rows that arrive late. The same distributions at any number of rows; one month in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

FIRST, MONTHS = date(2019, 1, 1), 94
GROWTH = 1.03
"""Of a month over the month before."""
BRANCHES = 200
PAYMENTS_PER_CLIENT = 40
LATE, VERY_LATE = 0.03, 0.001
STATUS = ("PAGADO", "PENDIENTE", "RECHAZADO")
STATUS_SHARE = (0.93, 0.04, 0.03)
_DAY = 86_400
_PHRASES = 120

SCHEMA = pa.schema(
    [
        ("id_sucursal", pa.int64()),
        ("id_pago", pa.int64()),
        ("id_prestamo", pa.int64()),
        ("id_cliente", pa.int64()),
        ("monto", pa.int64()),  # cents
        ("fecha_pago_origen", pa.string()),
        ("fecha_pago_utc", pa.timestamp("us")),
        ("fecha_pago", pa.date32()),
        ("status_pago", pa.string()),
        ("otros_datos", pa.string()),
        ("updated_at_origen", pa.string()),
        ("updated_at_utc", pa.timestamp("us")),
        ("fecha_contable", pa.date32()),
        ("snapshot_seq", pa.int64()),
        ("borrado", pa.bool_()),
        ("arrival", pa.int32()),  # day on which the row was loaded: the world's, not the table's
    ]
)


def months() -> list[date]:
    """The first day of each month."""
    start = FIRST.year * 12 + FIRST.month - 1
    return [date((start + n) // 12, (start + n) % 12 + 1, 1) for n in range(MONTHS + 1)]


def last_day() -> date:
    """The newest day in the table."""
    return date.fromordinal(months()[-1].toordinal() - 1)


def generate(rows: int, seed: int) -> Iterator[pa.Table]:
    """The table month by month, by day of payment.

    Args:
        rows: of all months together, about.
    """
    rng = np.random.default_rng(seed)
    starts = months()
    shares = GROWTH ** np.arange(MONTHS)
    counts = np.round(rows * shares / shares.sum()).astype(int)
    opened = np.sort(np.concatenate([np.zeros(20, dtype=int), rng.integers(0, MONTHS - 6, BRANCHES - 20)]))
    opened = opened[np.argsort(rng.random(BRANCHES))]
    size = rng.lognormal(0, 0.6, BRANCHES)
    next_id = np.ones(BRANCHES, dtype=np.int64)
    phrases = np.array([_phrase(n, rng) for n in range(_PHRASES)])
    clients_total = max(BRANCHES * 4, rows // PAYMENTS_PER_CLIENT)
    for n, count in enumerate(counts):
        active = np.flatnonzero(opened <= n)
        weight = size[active] * (1 + (n - opened[active])) ** 0.5
        branch = active[rng.choice(len(active), count, p=weight / weight.sum())]
        begin = starts[n].toordinal() - date(1970, 1, 1).toordinal()
        length = starts[n + 1].toordinal() - starts[n].toordinal()
        day = _paydays(rng, count, length) + begin
        moment = day * _DAY + rng.integers(9 * 3600, 19 * 3600, count)
        order = np.lexsort([moment, branch])
        branch, day, moment = branch[order], day[order], moment[order]
        # A client pays for some months: whoever is active has a number near the branch's present one.
        most = np.maximum(8, clients_total * size / size.sum()).astype(np.int64)
        reach = np.maximum(4, (most[branch] * (n + 1 - opened[branch]) / (MONTHS - opened[branch])).astype(np.int64))
        window = np.maximum(4, most[branch] // 5)
        client = np.maximum(1, reach - rng.integers(0, window))
        loan = client * 3 + rng.integers(0, 2, count)
        first = np.searchsorted(branch, np.arange(BRANCHES))
        number = next_id[branch] + np.arange(count) - first[branch]
        next_id += np.bincount(branch, minlength=BRANCHES)
        late = np.where(rng.random(count) < LATE, rng.exponential(8, count).astype(int) + 1, 0)
        late = np.where(rng.random(count) < VERY_LATE, rng.integers(30, 400, count), late)
        late = np.minimum(late, last_day().toordinal() - date(1970, 1, 1).toordinal() - day)
        utc = moment + 6 * 3600
        changed = utc + np.where(rng.random(count) < 0.05, rng.integers(0, 20 * _DAY, count), 1)
        micros = utc * 1_000_000
        spoken = rng.random(count)
        phrase = phrases[np.minimum(rng.zipf(1.4, count), _PHRASES) - 1]
        yield pa.table(
            {
                "id_sucursal": branch.astype(np.int64) + 1,
                "id_pago": number,
                "id_prestamo": loan,
                "id_cliente": client,
                "monto": np.round(rng.lognormal(6.5, 0.7, count) * 4).astype(np.int64) * 25,
                "fecha_pago_origen": np.datetime_as_string(moment.astype("datetime64[s]")),
                "fecha_pago_utc": micros.astype("datetime64[us]"),
                "fecha_pago": pa.array(day.astype(np.int32)).cast(pa.date32()),
                "status_pago": np.array(STATUS)[rng.choice(3, count, p=STATUS_SHARE)],
                "otros_datos": pa.array(phrase, mask=spoken < 0.6),
                "updated_at_origen": np.datetime_as_string((changed - 6 * 3600).astype("datetime64[s]")),
                "updated_at_utc": (changed * 1_000_000).astype("datetime64[us]"),
                "fecha_contable": pa.array(
                    ((utc - 6 * 3600) // _DAY + (rng.random(count) < 0.01)).astype(np.int32)
                ).cast(pa.date32()),
                "snapshot_seq": (day + late).astype(np.int64) * 48,
                "borrado": rng.random(count) < 0.002,
                "arrival": (day + late).astype(np.int32),
            },
            schema=SCHEMA,
        )


def _paydays(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Days of a month: the 15th and the last weigh three times as much."""
    weight = np.ones(length)
    weight[[14, length - 1]] = 3
    return rng.choice(length, count, p=weight / weight.sum())


def _phrase(number: int, rng: np.random.Generator) -> str:
    kinds = ("Pago en ventanilla", "Condonación de interés", "Abono parcial", "Domiciliado", "Efectivo", "Reverso")
    return f"{kinds[number % len(kinds)]} {'convenio ' * int(rng.integers(0, 3))}{number:03d}"
