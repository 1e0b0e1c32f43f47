-- merge_movimientos.sql · grain: one row per (fecha_contable, id_sistema, id_movimiento) · idempotent: yes
-- params: :business_date, :load_id · literals: :copy_manifest, :role
-- After it the day holds exactly the staged rows: rows that left the sealed input and rows that stand twice are removed
-- before the MERGE. The mutex comes first: two sends of this batch would otherwise both insert (SNAPSHOT isolation,
-- no enforced key). No TRUNCATE: it commits.
LOCK ops.writer_movimientos;
DELETE FROM staging.movimientos;
COPY staging.movimientos FROM :copy_manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
DELETE FROM core.movimientos
WHERE fecha_contable = CAST(:business_date AS DATE)
    AND NOT EXISTS (
        SELECT 1
        FROM staging.movimientos AS s
        WHERE s.id_sistema = core.movimientos.id_sistema AND s.id_movimiento = core.movimientos.id_movimiento
    );
DELETE FROM core.movimientos
WHERE fecha_contable = CAST(:business_date AS DATE)
    AND (id_sistema, id_movimiento) IN (
        SELECT
            m.id_sistema,
            m.id_movimiento
        FROM core.movimientos AS m
        WHERE m.fecha_contable = CAST(:business_date AS DATE)
        GROUP BY m.id_sistema, m.id_movimiento
        HAVING COUNT(*) > 1
    );
MERGE INTO core.movimientos
USING staging.movimientos AS s
    ON core.movimientos.fecha_contable = s.fecha_contable
        AND core.movimientos.id_sistema = s.id_sistema
        AND core.movimientos.id_movimiento = s.id_movimiento
WHEN MATCHED THEN UPDATE SET
    id_sucursal = s.id_sucursal,
    id_cliente = s.id_cliente,
    tipo = s.tipo,
    monto = s.monto,
    moneda = s.moneda,
    instante_utc = s.instante_utc,
    concepto = s.concepto,
    archivo_sha256 = s.archivo_sha256,
    fila = s.fila
WHEN NOT MATCHED THEN INSERT (
    fecha_contable, id_sistema, id_movimiento, id_sucursal, id_cliente, tipo, monto, moneda, instante_utc, concepto,
    archivo_sha256, fila
) VALUES (
    s.fecha_contable, s.id_sistema, s.id_movimiento, s.id_sucursal, s.id_cliente, s.tipo, s.monto, s.moneda,
    s.instante_utc, s.concepto, s.archivo_sha256, s.fila
);
INSERT INTO ops.movimientos_loads (fecha_contable, normalizado, renglones, cargado)
SELECT
    CAST(:business_date AS DATE),
    CAST(:load_id AS VARCHAR(512)),
    COUNT(*),
    GETDATE()
FROM staging.movimientos;
