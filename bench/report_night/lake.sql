-- lake.sql · curated payments of the day, its neighbours and what does not count; n is their order in the files
-- params: rows (movements of the day), seed, branches, clients, day
CREATE TABLE pagos AS
WITH filas AS (
    SELECT
        i AS n,
        HASH(i, $seed) AS h,
        HASH(i, $seed, 1) AS g
    FROM RANGE(CAST($rows + $rows // 20 AS BIGINT)) AS r (i)
),

hechos AS (
    SELECT
        n,
        h,
        g,
        -- the rows of the day come first by number; the others are spread by the order below
        CASE WHEN n < $rows THEN 0 ELSE 1 + n % 3 END AS clase,
        CAST($day AS TIMESTAMP) + INTERVAL 6 HOUR + TO_SECONDS(CAST(h % 86400 AS BIGINT)) AS instante
    FROM filas
),

situados AS (
    SELECT
        *,
        CASE WHEN clase = 3 THEN instante + INTERVAL 1 DAY ELSE instante END AS utc
    FROM hechos
)

SELECT
    ROW_NUMBER() OVER (ORDER BY 1 + g % $branches, n) - 1 AS n,
    CAST(1 + g % $branches AS BIGINT) AS id_sucursal,
    CAST(1000000 + n AS BIGINT) AS id_pago,
    CAST(1 + h % 9973 AS BIGINT) AS id_prestamo,
    CAST(1 + (g // 1024) % $clients AS BIGINT) AS id_cliente,
    CAST(CAST(1 + (h // 4096) % 5000000 AS DECIMAL(10, 0)) * 0.01 AS DECIMAL(18, 2)) AS monto,
    STRFTIME(utc - INTERVAL 6 HOUR, '%Y-%m-%d %H:%M:%S') AS fecha_pago_origen,
    utc AS fecha_pago_utc,
    CAST(utc - INTERVAL 6 HOUR AS DATE) AS fecha_pago,
    CASE WHEN clase = 1 THEN 'PENDIENTE' ELSE 'PAGADO' END AS status_pago,
    CASE WHEN h % 3 = 0 THEN 'caja 1, años' END AS otros_datos,
    STRFTIME(utc - INTERVAL 6 HOUR, '%Y-%m-%d %H:%M:%S') || '.000000' AS updated_at_origen,
    utc AS updated_at_utc,
    CAST(utc - INTERVAL 6 HOUR AS DATE) AS fecha_contable,
    CAST(1 AS BIGINT) AS snapshot_seq,
    clase = 2 AS borrado
FROM situados;
