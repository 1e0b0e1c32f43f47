-- select_report.sql · the report by Athena, when neither the warehouse nor the second engine answers
-- grain: one row per movement, in the order of the report · params: dia, noche (the folder of `athena` in the manifest)
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
FROM podemos.movimientos_normalizados
WHERE dia = ? AND noche = ?
ORDER BY id_sistema, id_movimiento;
