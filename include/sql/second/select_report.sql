-- select_report.sql · grain: one row per movement, in the order of the report · written as parquet by the caller
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
    concepto,
    archivo_sha256,
    fila
FROM movimientos
ORDER BY id_sistema, id_movimiento;
