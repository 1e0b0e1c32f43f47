-- count_repeated_ids.sql · grain: one row per system of the day · params: business_date
SELECT
    id_sistema,
    COUNT(*) AS renglones,
    COUNT(DISTINCT id_movimiento) AS distintos
FROM movimientos
WHERE fecha_contable = $business_date
GROUP BY id_sistema
ORDER BY id_sistema;
