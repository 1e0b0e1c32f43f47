-- count_unknown_clients.sql · grain: one row per system of the day · params: :business_date
-- A client's id is unique within its branch; a movement without a branch may refer to a client of any of them.
WITH known AS (
    SELECT
        id_sucursal,
        id_cliente
    FROM core.clientes
    WHERE NOT borrado
),

anywhere AS (
    SELECT DISTINCT id_cliente
    FROM known
)

SELECT
    m.id_sistema,
    COUNT(*) AS renglones,
    (SUM(m.monto) * 100)::BIGINT AS centavos,
    MIN(m.id_movimiento) AS primero
FROM core.movimientos AS m
LEFT JOIN known AS k
    ON m.id_sucursal = k.id_sucursal AND m.id_cliente = k.id_cliente
LEFT JOIN anywhere AS a
    ON m.id_cliente = a.id_cliente AND m.id_sucursal IS NULL
WHERE m.fecha_contable = CAST(:business_date AS DATE)
    AND m.id_cliente IS NOT NULL
    AND k.id_cliente IS NULL
    AND a.id_cliente IS NULL
GROUP BY m.id_sistema
ORDER BY m.id_sistema;
