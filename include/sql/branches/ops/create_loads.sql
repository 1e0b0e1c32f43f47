-- create_loads.sql  · grain: one row per load · idempotent: yes
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.loads (
    tabla VARCHAR(63) NOT NULL ENCODE ZSTD,
    revision BIGINT NOT NULL ENCODE AZ64,
    revision_key VARCHAR(256) NOT NULL ENCODE ZSTD,
    renglones BIGINT NOT NULL ENCODE AZ64,
    cargado TIMESTAMP NOT NULL ENCODE RAW
)
DISTSTYLE ALL
SORTKEY (cargado);
COMMENT ON TABLE ops.loads
IS 'Bitácora de cargas: qué revisión del lago recibió cada tabla, y cuándo';
COMMENT ON COLUMN ops.loads.tabla IS 'Tabla del contrato';
COMMENT ON COLUMN ops.loads.revision IS 'Número de la revisión del lago';
COMMENT ON COLUMN ops.loads.revision_key IS 'Manifiesto de la revisión en el lago';
COMMENT ON COLUMN ops.loads.renglones IS 'Renglones que quedaban por fusionar';
COMMENT ON COLUMN ops.loads.cargado IS 'Instante de la carga (UTC)';
