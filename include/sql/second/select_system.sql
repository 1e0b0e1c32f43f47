-- select_system.sql · grain: one row per movement of a system · params: business_date, id_sistema
-- Read only when the totals of that system differ, to name the row.
SELECT
    id_movimiento,
    id_sucursal,
    id_cliente,
    tipo,
    CAST(monto * 100 AS BIGINT) AS centavos,
    moneda,
    instante_utc,
    concepto,
    archivo_sha256,
    fila
FROM movimientos
WHERE fecha_contable = $business_date AND id_sistema = $id_sistema
ORDER BY id_movimiento;
