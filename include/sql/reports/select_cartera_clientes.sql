-- select_cartera_clientes.sql · grain: cliente · params: :desde, :hasta (exclusive)
SELECT
    c.id_sucursal,
    c.id_cliente,
    COUNT(*) AS pagos,
    SUM(p.monto) AS pagado
FROM core.pagos_historicos AS p
INNER JOIN core.clientes AS c
    ON p.id_sucursal = c.id_sucursal
    AND p.id_cliente = c.id_cliente
WHERE p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND NOT p.borrado
GROUP BY c.id_sucursal, c.id_cliente
ORDER BY c.id_sucursal, c.id_cliente;
