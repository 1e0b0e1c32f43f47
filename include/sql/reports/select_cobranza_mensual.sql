-- select_cobranza_mensual.sql · grain: sucursal · params: :desde, :hasta (exclusive)
SELECT
    p.id_sucursal,
    COUNT(*) AS pagos,
    SUM(p.monto) AS cobrado
FROM core.pagos_historicos AS p
WHERE p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND p.status_pago = 'PAGADO'
    AND NOT p.borrado
GROUP BY p.id_sucursal
ORDER BY p.id_sucursal;
