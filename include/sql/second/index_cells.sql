-- index_cells.sql · grain: one row per system, type and source file of the night's movements
SELECT
    id_sistema,
    tipo,
    archivo_sha256,
    COUNT(*) AS movimientos,
    CAST(SUM(CAST(monto * 100 AS BIGINT)) AS BIGINT) AS centavos
FROM movimientos
GROUP BY id_sistema, tipo, archivo_sha256
ORDER BY id_sistema, tipo, archivo_sha256;
