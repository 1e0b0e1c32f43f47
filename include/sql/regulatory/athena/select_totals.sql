-- select_totals.sql · what resumen.json publishes, by Athena · grain: one row per system and type, in integer cents
-- params: dia, noche (the folder of `athena` in the normalised manifest)
SELECT
    id_sistema,
    tipo,
    COUNT(*) AS movimientos,
    CAST(SUM(monto) * 100 AS BIGINT) AS centavos
FROM podemos.movimientos_normalizados
WHERE dia = ? AND noche = ?
GROUP BY id_sistema, tipo
ORDER BY id_sistema, tipo;
