"""What the systems write as `concepto`: everyday Spanish, and text that breaks careless parsing."""

from __future__ import annotations

USUAL: dict[str, tuple[str, ...]] = {
    "movil": ("Pago en domicilio", "Abono semanal en ruta", "Pago adelantado", "Cuota de recuperación"),
    "nucleo_credito": ("Desembolso crédito grupal", "Capitalización de intereses", "Comisión por apertura"),
    "contabilidad": ("Póliza de ingresos", "Póliza de egresos", "Provisión de intereses", "IVA por pagar"),
    "tesoreria": ("Traspaso entre cuentas propias", "Fondeo de sucursal", "Concentración de efectivo"),
    "spei": ("Transferencia SPEI recibida", "Transferencia SPEI enviada", "Devolución SPEI"),
    "tarjetas": ("Compra en comercio", "Retiro en corresponsal", "Devolución de compra"),
    "corresponsales": ("Pago en tienda de conveniencia", "Depósito en corresponsal", "Pago de crédito en farmacia"),
    "cajeros": ("Retiro en cajero automático", "Consulta de saldo con comisión", "Depósito en cajero"),
    "nomina": ("Nómina quincenal", "Aguinaldo proporcional", "Vales de despensa"),
    "seguros": ("Prima de microseguro", "Pago de siniestro", "Reembolso de prima"),
    "cobranza": ("Recuperación de cartera vencida", "Convenio de pago", "Quita autorizada"),
    "ahorro": ("Depósito a cuenta de ahorro", "Retiro de ahorro", "Rendimiento mensual"),
    "dispersion": ("Entrega de crédito", "Renovación de crédito", "Cancelación de entrega"),
    "remesas": ("Remesa pagada en ventanilla", "Remesa abonada a cuenta", "Comisión por remesa"),
}
"""Per system; a system that is not here writes `ANY`."""

ANY: tuple[str, ...] = ("Cargo del día", "Abono del día", "Ajuste operativo")

AWKWARD: tuple[str, ...] = (
    'Abarrotes "La Güera"',
    "Pago 3/4, incluye mora; dejó recibo",
    "Ñandú & Cía. | sucursal Peñón",
    "O'Farrill, José María",
    "caja\t3\tturno B",
    "C:\\recibos\\n.txt",
    '"entre comillas"',
    'Muñoz, "El Güero"; 50% | ½ pago',
    "NULL",
    "0012",
)
"""Delimiters, quotes, tabs, backslashes and texts that look like something else; all of it exists in latin-1."""

BEYOND_LATIN_1: tuple[str, ...] = ("Pago — parcial…", "Elote 🌽 y café", "€ convertido a MXN", "Xōchitl Ek")
"""For systems that write UTF-8."""
