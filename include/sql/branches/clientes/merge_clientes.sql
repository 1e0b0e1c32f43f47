-- merge_clientes.sql  · generated · grain: one row per (id_sucursal, id_cliente) · idempotent: yes
-- params: :manifest, :role (literals of COPY), :revision, :revision_key
-- The mutex comes first: under snapshot isolation two loads at once would both insert.
LOCK ops.writer_clientes;
DELETE FROM staging.clientes;
COPY staging.clientes FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
-- What the target has at a later snapshot stays. Of the same snapshot, a live row stays: only a row that was withdrawn
-- into quarantine is replaced, by its release.
DELETE FROM staging.clientes
USING core.clientes AS t
WHERE staging.clientes.id_sucursal = t.id_sucursal
    AND staging.clientes.id_cliente = t.id_cliente
    AND (t.snapshot_seq > staging.clientes.snapshot_seq
        OR (t.snapshot_seq = staging.clientes.snapshot_seq AND NOT t.borrado));
MERGE INTO core.clientes
USING staging.clientes AS s
ON core.clientes.id_sucursal = s.id_sucursal
    AND core.clientes.id_cliente = s.id_cliente
WHEN MATCHED THEN UPDATE SET
    nombre = s.nombre,
    curp = s.curp,
    telefono = s.telefono,
    fecha_alta_origen = s.fecha_alta_origen,
    fecha_alta = s.fecha_alta,
    updated_at_origen = s.updated_at_origen,
    updated_at_utc = s.updated_at_utc,
    snapshot_seq = s.snapshot_seq,
    borrado = s.borrado
WHEN NOT MATCHED THEN INSERT (
    id_sucursal,
    id_cliente,
    nombre,
    curp,
    telefono,
    fecha_alta_origen,
    fecha_alta,
    updated_at_origen,
    updated_at_utc,
    snapshot_seq,
    borrado
) VALUES (
    s.id_sucursal,
    s.id_cliente,
    s.nombre,
    s.curp,
    s.telefono,
    s.fecha_alta_origen,
    s.fecha_alta,
    s.updated_at_origen,
    s.updated_at_utc,
    s.snapshot_seq,
    s.borrado
);
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    'clientes',
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    COUNT(*),
    GETDATE()
FROM staging.clientes;
