-- select_corte_sucursal.sql · grain: estado · params: :id_sucursal, :desde
SELECT
    p.status_pago,
    COUNT(*) AS pagos,
    SUM(p.monto) AS monto
FROM core.pagos_historicos AS p
WHERE p.id_sucursal = :id_sucursal
    AND p.fecha_pago = CAST(:desde AS DATE)
    AND NOT p.borrado
GROUP BY p.status_pago
ORDER BY p.status_pago;
