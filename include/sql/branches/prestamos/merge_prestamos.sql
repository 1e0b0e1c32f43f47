-- merge_prestamos.sql  · generated · grain: one row per (id_sucursal, id_prestamo) · idempotent: yes
-- params: :manifest, :role (literals of COPY), :revision, :revision_key
-- The mutex comes first: under snapshot isolation two loads at once would both insert.
LOCK ops.writer_prestamos;
DELETE FROM staging.prestamos;
COPY staging.prestamos FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
-- What the target has at a later snapshot stays. Of the same snapshot, a live row stays: only a row that was withdrawn
-- into quarantine is replaced, by its release.
DELETE FROM staging.prestamos
USING core.prestamos AS t
WHERE staging.prestamos.id_sucursal = t.id_sucursal
    AND staging.prestamos.id_prestamo = t.id_prestamo
    AND (t.snapshot_seq > staging.prestamos.snapshot_seq
        OR (t.snapshot_seq = staging.prestamos.snapshot_seq AND NOT t.borrado));
MERGE INTO core.prestamos
USING staging.prestamos AS s
ON core.prestamos.id_sucursal = s.id_sucursal
    AND core.prestamos.id_prestamo = s.id_prestamo
WHEN MATCHED THEN UPDATE SET
    id_cliente = s.id_cliente,
    monto_credito = s.monto_credito,
    plazo_semanas = s.plazo_semanas,
    tasa_anual = s.tasa_anual,
    fecha_desembolso_origen = s.fecha_desembolso_origen,
    fecha_desembolso = s.fecha_desembolso,
    estado = s.estado,
    updated_at_origen = s.updated_at_origen,
    updated_at_utc = s.updated_at_utc,
    snapshot_seq = s.snapshot_seq,
    borrado = s.borrado
WHEN NOT MATCHED THEN INSERT (
    id_sucursal,
    id_prestamo,
    id_cliente,
    monto_credito,
    plazo_semanas,
    tasa_anual,
    fecha_desembolso_origen,
    fecha_desembolso,
    estado,
    updated_at_origen,
    updated_at_utc,
    snapshot_seq,
    borrado
) VALUES (
    s.id_sucursal,
    s.id_prestamo,
    s.id_cliente,
    s.monto_credito,
    s.plazo_semanas,
    s.tasa_anual,
    s.fecha_desembolso_origen,
    s.fecha_desembolso,
    s.estado,
    s.updated_at_origen,
    s.updated_at_utc,
    s.snapshot_seq,
    s.borrado
);
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    'prestamos',
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    COUNT(*),
    GETDATE()
FROM staging.prestamos;
