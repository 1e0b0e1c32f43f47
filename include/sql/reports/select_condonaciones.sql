-- select_condonaciones.sql · grain: sucursal · params: :desde, :hasta (exclusive)
SELECT
    p.id_sucursal,
    COUNT(*) AS condonaciones,
    SUM(p.monto) AS monto
FROM core.pagos_historicos AS p
WHERE p.otros_datos LIKE 'Condonación%'
    AND p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND NOT p.borrado
GROUP BY p.id_sucursal
ORDER BY p.id_sucursal;
