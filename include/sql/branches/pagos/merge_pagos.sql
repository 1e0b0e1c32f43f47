-- merge_pagos.sql  · generated · grain: one row per (id_sucursal, id_pago) · idempotent: yes
-- params: :manifest, :role (literals of COPY), :revision, :revision_key
-- The mutex comes first: under snapshot isolation two loads at once would both insert.
LOCK ops.writer_pagos;
DELETE FROM staging.pagos_historicos;
COPY staging.pagos_historicos FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
-- What the target has at a later snapshot stays. Of the same snapshot, a live row stays: only a row that was withdrawn
-- into quarantine is replaced, by its release.
DELETE FROM staging.pagos_historicos
USING core.pagos_historicos AS t
WHERE staging.pagos_historicos.id_sucursal = t.id_sucursal
    AND staging.pagos_historicos.id_pago = t.id_pago
    AND (t.snapshot_seq > staging.pagos_historicos.snapshot_seq
        OR (t.snapshot_seq = staging.pagos_historicos.snapshot_seq AND NOT t.borrado));
MERGE INTO core.pagos_historicos
USING staging.pagos_historicos AS s
ON core.pagos_historicos.id_sucursal = s.id_sucursal
    AND core.pagos_historicos.id_pago = s.id_pago
WHEN MATCHED THEN UPDATE SET
    id_prestamo = s.id_prestamo,
    id_cliente = s.id_cliente,
    monto = s.monto,
    fecha_pago_origen = s.fecha_pago_origen,
    fecha_pago_utc = s.fecha_pago_utc,
    fecha_pago = s.fecha_pago,
    status_pago = s.status_pago,
    otros_datos = s.otros_datos,
    updated_at_origen = s.updated_at_origen,
    updated_at_utc = s.updated_at_utc,
    fecha_contable = s.fecha_contable,
    snapshot_seq = s.snapshot_seq,
    borrado = s.borrado
WHEN NOT MATCHED THEN INSERT (
    id_sucursal,
    id_pago,
    id_prestamo,
    id_cliente,
    monto,
    fecha_pago_origen,
    fecha_pago_utc,
    fecha_pago,
    status_pago,
    otros_datos,
    updated_at_origen,
    updated_at_utc,
    fecha_contable,
    snapshot_seq,
    borrado
) VALUES (
    s.id_sucursal,
    s.id_pago,
    s.id_prestamo,
    s.id_cliente,
    s.monto,
    s.fecha_pago_origen,
    s.fecha_pago_utc,
    s.fecha_pago,
    s.status_pago,
    s.otros_datos,
    s.updated_at_origen,
    s.updated_at_utc,
    s.fecha_contable,
    s.snapshot_seq,
    s.borrado
);
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    'pagos',
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    COUNT(*),
    GETDATE()
FROM staging.pagos_historicos;
