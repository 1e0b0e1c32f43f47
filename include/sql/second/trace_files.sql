-- trace_files.sql · grain: one row per source file of a total · params: id_sistema, tipo
SELECT
    archivo_sha256,
    COUNT(*) AS movimientos,
    CAST(SUM(CAST(monto * 100 AS BIGINT)) AS BIGINT) AS centavos
FROM movimientos
WHERE id_sistema = $id_sistema AND tipo = $tipo
GROUP BY archivo_sha256
ORDER BY archivo_sha256;
