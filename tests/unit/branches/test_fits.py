from __future__ import annotations

import pytest

from podemos.branches import fits
from podemos.contracts.tables import contract
from podemos.core import raw_text
from podemos.core.errors import DataFault

PAGOS = contract("pagos").compiled()


@pytest.mark.parametrize(
    ("column", "typed", "carried"),
    [
        ("monto", "8", "8.00"),
        ("monto", "-0.5", "-0.50"),
        ("monto", "007.10", "7.10"),
        ("monto", "-0", "0.00"),
        ("monto", "1.100", "1.10"),
        ("id_prestamo", "0042", "42"),
        ("fecha_pago", "2026-11-19 10:00:00", "2026-11-19 10:00:00"),
        ("updated_at", "2026-11-19 10:00:00.5", "2026-11-19 10:00:00.500000"),
        ("otros_datos", "ñ" * 256, "ñ" * 256),
        ("otros_datos", None, None),
    ],
)
def test_a_typed_value_takes_the_form_in_which_the_column_travels(column: str, typed: str, carried: str) -> None:
    assert fits.as_carried(PAGOS, column, typed) == carried


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("monto", "8.001", "up to 16 digits and 2 decimals"),
        ("monto", "1" * 17, "up to 16 digits"),
        ("monto", "1e3", "holds no '1e3'"),
        ("monto", "", "holds no ''"),
        ("monto", "-", "holds no '-'"),
        ("monto", None, "may not be NULL"),
        ("id_prestamo", "9223372036854775808", "a whole number"),
        ("id_pago", "5", "part of the key"),
        ("importe", "5", "no column 'importe'.*there are id_prestamo"),
        ("fecha_pago", "2026-02-30 10:00:00", "YYYY-MM-DD hh:mm:ss"),
        ("fecha_pago", "2026-02-03", "YYYY-MM-DD hh:mm:ss"),
        ("fecha_pago", "2041-01-01 00:00:00", "outside the zone table"),
        ("otros_datos", "ñ" * 257, "256 characters, not 257"),
        ("otros_datos", "a\x00b", "a NUL"),
        ("otros_datos", raw_text.MARK + "ff", "bytes that are no text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(column: str, typed: str, said: str) -> None:
    with pytest.raises(DataFault, match=said):
        fits.as_carried(PAGOS, column, typed)
