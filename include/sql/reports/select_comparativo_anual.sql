-- select_comparativo_anual.sql · grain: sucursal and día
-- params: :desde, :hasta, :antes_desde, :antes_hasta (the ends exclusive)
SELECT
    p.id_sucursal,
    p.fecha_pago,
    SUM(p.monto) AS cobrado
FROM core.pagos_historicos AS p
WHERE (
    (p.fecha_pago >= CAST(:desde AS DATE) AND p.fecha_pago < CAST(:hasta AS DATE))
    OR (p.fecha_pago >= CAST(:antes_desde AS DATE) AND p.fecha_pago < CAST(:antes_hasta AS DATE))
)
AND p.status_pago = 'PAGADO'
AND NOT p.borrado
GROUP BY p.id_sucursal, p.fecha_pago
ORDER BY p.id_sucursal, p.fecha_pago;
