-- select_clientes_constantes.sql · grain: cliente · params: :desde, :hasta (exclusive)
SELECT
    p.id_sucursal,
    p.id_cliente,
    COUNT(*) AS pagos,
    SUM(p.monto) AS pagado
FROM core.pagos_historicos AS p
WHERE p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND p.status_pago = 'PAGADO'
    AND NOT p.borrado
GROUP BY p.id_sucursal, p.id_cliente
HAVING COUNT(*) >= 6
ORDER BY p.id_sucursal, p.id_cliente;
