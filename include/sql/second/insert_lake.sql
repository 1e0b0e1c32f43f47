-- insert_lake.sql · the day's payments of one curated file of the branch lake; the accounting day is derived anew
-- params: path, system, day, sha256
INSERT INTO movimientos
WITH pagos AS (
    SELECT
        *,
        file_row_number + 1 AS fila,
        CAST(fecha_pago_utc AS TIMESTAMP) AS utc,
        PRINTF('%03d-%d', id_sucursal, id_pago) AS id_movimiento
    FROM READ_PARQUET($path, file_row_number = TRUE)
    WHERE status_pago = 'PAGADO' AND NOT borrado AND monto IS NOT NULL
)

SELECT
    CAST($day AS DATE) AS fecha_contable,
    $system AS id_sistema,
    p.id_movimiento,
    p.id_sucursal,
    p.id_cliente,
    'ABONO' AS tipo,
    p.monto,
    'MXN' AS moneda,
    STRFTIME(p.utc, '%Y-%m-%dT%H:%M:%S.%fZ') AS instante_utc,
    'Pago del préstamo ' || p.id_prestamo AS concepto,
    $sha256 AS archivo_sha256,
    p.fila
FROM pagos AS p
ASOF LEFT JOIN cambios AS c ON p.utc >= c.desde
WHERE CAST(p.utc + TO_SECONDS(c.desfase) AS DATE) = $day
    AND NOT EXISTS (
        SELECT 1
        FROM movimientos AS m
        WHERE m.id_sistema = $system AND m.id_movimiento = p.id_movimiento
    )
QUALIFY ROW_NUMBER() OVER (PARTITION BY p.id_movimiento ORDER BY p.fila) = 1;
