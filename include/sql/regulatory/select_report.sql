-- select_report.sql · grain: one row per movement of the day, in the report's order · literals: :business_date
-- Rendered as text into unload_report.sql: UNLOAD cannot bind.
SELECT
    fecha_contable,
    id_sistema,
    id_movimiento,
    id_sucursal,
    id_cliente,
    tipo,
    monto,
    moneda,
    instante_utc,
    concepto
FROM core.movimientos
WHERE fecha_contable = :business_date
ORDER BY id_sistema, id_movimiento;
