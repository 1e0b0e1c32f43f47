-- select_dia_contable.sql · grain: sucursal · params: :desde
SELECT
    p.id_sucursal,
    COUNT(*) AS pagos,
    SUM(p.monto) AS monto
FROM core.pagos_historicos AS p
WHERE p.fecha_contable = CAST(:desde AS DATE)
    AND NOT p.borrado
GROUP BY p.id_sucursal
ORDER BY p.id_sucursal;
