-- merge_pagos_moviles.sql · grain: one row per event_id · idempotent: yes
-- params: :revision, :revision_key · literals: :manifest, :role
-- The mutex comes first: under snapshot isolation two loads at once would both insert. What the table has stays:
-- a payment is added once and never changed, and the lake holds one content per id.
LOCK ops.writer_pagos_moviles;
DELETE FROM staging.pagos_moviles;
COPY staging.pagos_moviles FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
DELETE FROM staging.pagos_moviles
USING core.pagos_moviles AS t
WHERE staging.pagos_moviles.event_id = t.event_id;
INSERT INTO core.pagos_moviles (
    event_id,
    id_sucursal,
    id_dispositivo,
    secuencia,
    id_recibo,
    id_cliente,
    monto,
    capturado_utc,
    recibido_utc,
    desfase_s,
    fecha_contable,
    foto,
    lat,
    lon,
    region,
    objeto,
    linea,
    revision
)
SELECT
    event_id,
    id_sucursal,
    id_dispositivo,
    secuencia,
    id_recibo,
    id_cliente,
    monto,
    capturado_utc,
    recibido_utc,
    desfase_s,
    fecha_contable,
    foto,
    lat,
    lon,
    region,
    objeto,
    linea,
    revision
FROM staging.pagos_moviles;
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    'pagos_moviles',
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    COUNT(*),
    GETDATE()
FROM staging.pagos_moviles;
