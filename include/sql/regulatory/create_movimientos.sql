-- create_movimientos.sql · the movements of the report · idempotent: yes
-- DISTKEY id_movimiento spreads evenly (few systems, many movements); SORTKEY fecha_contable prunes to one day.
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS core.movimientos (
    fecha_contable DATE NOT NULL ENCODE raw,
    id_sistema VARCHAR(40) NOT NULL ENCODE raw,
    id_movimiento VARCHAR(64) NOT NULL ENCODE zstd,
    id_sucursal BIGINT ENCODE az64,
    id_cliente BIGINT ENCODE az64,
    tipo VARCHAR(10) NOT NULL ENCODE zstd,
    monto DECIMAL(18, 2) NOT NULL ENCODE az64,
    moneda CHAR(3) NOT NULL ENCODE zstd,
    instante_utc VARCHAR(32) NOT NULL ENCODE zstd,
    concepto VARCHAR(256) ENCODE zstd,
    archivo_sha256 CHAR(64) NOT NULL ENCODE zstd,
    fila BIGINT NOT NULL ENCODE az64,
    PRIMARY KEY (fecha_contable, id_sistema, id_movimiento)
)
DISTKEY (id_movimiento)
COMPOUND SORTKEY (fecha_contable, id_sistema);
CREATE TABLE IF NOT EXISTS staging.movimientos (
    fecha_contable DATE NOT NULL ENCODE raw,
    id_sistema VARCHAR(40) NOT NULL ENCODE raw,
    id_movimiento VARCHAR(64) NOT NULL ENCODE zstd,
    id_sucursal BIGINT ENCODE az64,
    id_cliente BIGINT ENCODE az64,
    tipo VARCHAR(10) NOT NULL ENCODE zstd,
    monto DECIMAL(18, 2) NOT NULL ENCODE az64,
    moneda CHAR(3) NOT NULL ENCODE zstd,
    instante_utc VARCHAR(32) NOT NULL ENCODE zstd,
    concepto VARCHAR(256) ENCODE zstd,
    archivo_sha256 CHAR(64) NOT NULL ENCODE zstd,
    fila BIGINT NOT NULL ENCODE az64
)
DISTKEY (id_movimiento)
COMPOUND SORTKEY (fecha_contable, id_sistema);
CREATE TABLE IF NOT EXISTS ops.writer_movimientos (
    id INTEGER NOT NULL ENCODE raw
)
DISTSTYLE ALL
SORTKEY (id);
CREATE TABLE IF NOT EXISTS ops.loads (
    tabla VARCHAR(64) NOT NULL ENCODE zstd,
    origen VARCHAR(512) NOT NULL ENCODE zstd,
    renglones BIGINT NOT NULL ENCODE az64,
    cargado_en TIMESTAMP NOT NULL ENCODE az64
)
DISTSTYLE EVEN
SORTKEY (cargado_en);
