-- balance_systems.sql · grain: one row per system and source file of the day · params: business_date
SELECT
    id_sistema,
    archivo_sha256,
    COUNT(*) FILTER (WHERE tipo = 'CARGO') AS cargos,
    COUNT(*) FILTER (WHERE tipo = 'ABONO') AS abonos,
    CAST(COALESCE(SUM(monto) FILTER (WHERE tipo = 'CARGO'), 0) * 100 AS BIGINT) AS centavos_cargo,
    CAST(COALESCE(SUM(monto) FILTER (WHERE tipo = 'ABONO'), 0) * 100 AS BIGINT) AS centavos_abono
FROM movimientos
WHERE fecha_contable = $business_date
GROUP BY id_sistema, archivo_sha256
ORDER BY id_sistema, archivo_sha256;
