-- balance_systems.sql · grain: one row per system and source file of the day · params: :business_date
SELECT
    id_sistema,
    archivo_sha256,
    SUM(CASE WHEN tipo = 'CARGO' THEN 1 ELSE 0 END) AS cargos,
    SUM(CASE WHEN tipo = 'ABONO' THEN 1 ELSE 0 END) AS abonos,
    (SUM(CASE WHEN tipo = 'CARGO' THEN monto ELSE 0 END) * 100)::BIGINT AS centavos_cargo,
    (SUM(CASE WHEN tipo = 'ABONO' THEN monto ELSE 0 END) * 100)::BIGINT AS centavos_abono
FROM core.movimientos
WHERE fecha_contable = CAST(:business_date AS DATE)
GROUP BY id_sistema, archivo_sha256
ORDER BY id_sistema, archivo_sha256;
