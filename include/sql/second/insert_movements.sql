-- insert_movements.sql · the valid records of one file, read as text into `crudo`, become movements
-- grain: one row per movement of the day; of records with one id the first valid one
-- params: system, day, sha256, cents (of one unit of its amounts: 1, 100), zone (NULL: the instant has its own offset)
INSERT INTO movimientos
WITH leido AS (
    SELECT
        *,
        CASE
            WHEN monto_clase IN ('entero', 'decimal') THEN TRY_CAST(monto AS DECIMAL(36, 8))
            WHEN monto_clase <> 'texto' THEN NULL
            WHEN $cents = 1 AND REGEXP_FULL_MATCH(monto, '[+-]?[0-9]{1,18}') THEN CAST(monto AS DECIMAL(36, 8))
            WHEN
                $cents = 100 AND REGEXP_FULL_MATCH(monto, '[+-]?[0-9]{1,16}(\.[0-9]{1,2})?')
                THEN CAST(monto AS DECIMAL(36, 8))
        END * CAST($cents AS SMALLINT) AS centavos,
        REGEXP_EXTRACT(
            instante,
            '^([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?)'
            || '(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$',
            ['reloj', 'desfase']
        ) AS partes
    FROM crudo
),

fechado AS (
    SELECT
        *,
        TRY_CAST(REPLACE(partes.reloj, 'T', ' ') AS TIMESTAMP) AS reloj,
        CASE
            WHEN partes.desfase = 'Z' THEN 0
            WHEN
                partes.desfase <> ''
                THEN IF(partes.desfase[1] = '-', -1, 1)
                * (
                    CAST(partes.desfase[2:3] AS BIGINT) * 3600
                    + CAST(COALESCE(NULLIF(REPLACE(partes.desfase[4:], ':', ''), ''), '0') AS BIGINT) * 60
                )
        END AS desfase_propio
    FROM leido
),

zona AS (
    SELECT
        desde,
        hasta,
        desfase
    FROM zonas
    WHERE zona = $zone
),

instantes AS (
    SELECT
        f.*,
        CASE
            WHEN CAST($zone AS VARCHAR) IS NULL THEN f.reloj - TO_SECONDS(f.desfase_propio)
            WHEN f.desfase_propio IS NULL AND f.reloj < z.hasta THEN f.reloj - TO_SECONDS(z.desfase)
        END AS utc
    FROM fechado AS f
    ASOF LEFT JOIN zona AS z ON f.reloj >= z.desde
),

del_dia AS (
    SELECT i.*
    FROM instantes AS i
    ASOF LEFT JOIN cambios AS c ON i.utc >= c.desde
    WHERE CAST(i.utc + TO_SECONDS(c.desfase) AS DATE) = $day
),

validos AS (
    SELECT
        d.*,
        t.tipo AS tipo_canonico,
        CAST(NULLIF(d.id_sucursal, '') AS BIGINT) AS sucursal,
        CAST(NULLIF(d.id_cliente, '') AS BIGINT) AS cliente
    FROM del_dia AS d
    INNER JOIN tipos AS t ON d.tipo = t.codigo
    WHERE
        d.centavos = TRUNC(d.centavos)
        AND ABS(d.centavos) <= 999999999999999999
        AND STRLEN(d.id_movimiento) BETWEEN 1 AND 64
        AND NOT CONTAINS(d.id_movimiento, CHR(0))
        AND (d.id_sucursal IS NULL OR REGEXP_FULL_MATCH(d.id_sucursal, '|[+]?[0-9]{1,18}|-0{1,18}'))
        AND (d.id_cliente IS NULL OR REGEXP_FULL_MATCH(d.id_cliente, '|[+]?[0-9]{1,18}|-0{1,18}'))
        AND (d.concepto IS NULL OR (STRLEN(d.concepto) <= 256 AND NOT CONTAINS(d.concepto, CHR(0))))
        AND d.moneda = 'MXN'
        AND NOT EXISTS (
            SELECT 1
            FROM movimientos AS m
            WHERE m.id_sistema = $system AND m.id_movimiento = d.id_movimiento
        )
    QUALIFY ROW_NUMBER() OVER (PARTITION BY d.id_movimiento ORDER BY d.fila) = 1
)

SELECT
    CAST($day AS DATE) AS fecha_contable,
    $system AS id_sistema,
    id_movimiento,
    sucursal AS id_sucursal,
    cliente AS id_cliente,
    tipo_canonico AS tipo,
    CAST(CAST(centavos AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS monto,
    moneda,
    STRFTIME(utc, '%Y-%m-%dT%H:%M:%S.%fZ') AS instante_utc,
    NULLIF(concepto, '') AS concepto,
    $sha256 AS archivo_sha256,
    fila
FROM validos;
