-- trace_lines.sql · grain: one row per movement of a total, the first ones in the report's order
-- params: id_sistema, tipo, first (the id to begin with), most
SELECT
    id_movimiento,
    id_sucursal,
    id_cliente,
    tipo,
    CAST(monto * 100 AS BIGINT) AS centavos,
    instante_utc,
    concepto,
    archivo_sha256,
    fila
FROM movimientos
WHERE id_sistema = $id_sistema AND tipo = $tipo AND id_movimiento >= $first
ORDER BY id_movimiento
LIMIT $most;
