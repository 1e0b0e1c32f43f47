-- select_rechazados.sql · grain: sucursal and observación · params: :desde, :hasta (exclusive)
SELECT
    p.id_sucursal,
    p.otros_datos,
    COUNT(*) AS rechazados,
    SUM(p.monto) AS monto
FROM core.pagos_historicos AS p
WHERE p.status_pago = 'RECHAZADO'
    AND p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND NOT p.borrado
GROUP BY p.id_sucursal, p.otros_datos
ORDER BY p.id_sucursal, p.otros_datos;
