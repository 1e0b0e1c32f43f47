-- count_unknown_clients.sql · grain: one row per system of the day · params: :business_date
-- A client's id is unique within its branch; a movement without a branch may refer to a client of any of them.
SELECT
    m.id_sistema,
    COUNT(*) AS renglones,
    (SUM(m.monto) * 100)::BIGINT AS centavos,
    MIN(m.id_movimiento) AS primero
FROM core.movimientos AS m
LEFT JOIN core.clientes AS c
    ON m.id_sucursal = c.id_sucursal AND m.id_cliente = c.id_cliente AND NOT c.borrado
LEFT JOIN (SELECT DISTINCT id_cliente FROM core.clientes WHERE NOT borrado) AS a
    ON m.id_cliente = a.id_cliente AND m.id_sucursal IS NULL
WHERE m.fecha_contable = CAST(:business_date AS DATE)
    AND m.id_cliente IS NOT NULL
    AND c.id_cliente IS NULL
    AND a.id_cliente IS NULL
GROUP BY m.id_sistema
ORDER BY m.id_sistema;
