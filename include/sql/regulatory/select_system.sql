-- select_system.sql · grain: one row per movement of a system and day · params: :business_date, :id_sistema
-- Read only when the totals of that system differ, to name the row.
SELECT
    id_movimiento,
    id_sucursal,
    id_cliente,
    tipo,
    (monto * 100)::BIGINT AS centavos,
    moneda,
    instante_utc,
    concepto,
    archivo_sha256,
    fila
FROM core.movimientos
WHERE fecha_contable = CAST(:business_date AS DATE) AND id_sistema = CAST(:id_sistema AS VARCHAR(40))
ORDER BY id_movimiento;
