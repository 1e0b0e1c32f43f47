-- create_movimientos.sql · the movements of the report · idempotent: yes
-- DISTKEY id_movimiento spreads evenly (few systems, many movements); SORTKEY fecha_contable prunes to one day.
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS core.movimientos (
    fecha_contable DATE NOT NULL ENCODE RAW,
    id_sistema VARCHAR(40) NOT NULL ENCODE RAW,
    id_movimiento VARCHAR(64) NOT NULL ENCODE ZSTD,
    id_sucursal BIGINT ENCODE AZ64,
    id_cliente BIGINT ENCODE AZ64,
    tipo VARCHAR(10) NOT NULL ENCODE ZSTD,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    moneda CHAR(3) NOT NULL ENCODE ZSTD,
    instante_utc VARCHAR(32) NOT NULL ENCODE ZSTD,
    concepto VARCHAR(256) ENCODE ZSTD,
    archivo_sha256 CHAR(64) NOT NULL ENCODE ZSTD,
    fila BIGINT NOT NULL ENCODE AZ64,
    PRIMARY KEY (fecha_contable, id_sistema, id_movimiento)
)
DISTKEY (id_movimiento)
COMPOUND SORTKEY (fecha_contable, id_sistema);
CREATE TABLE IF NOT EXISTS staging.movimientos (
    fecha_contable DATE NOT NULL ENCODE RAW,
    id_sistema VARCHAR(40) NOT NULL ENCODE RAW,
    id_movimiento VARCHAR(64) NOT NULL ENCODE ZSTD,
    id_sucursal BIGINT ENCODE AZ64,
    id_cliente BIGINT ENCODE AZ64,
    tipo VARCHAR(10) NOT NULL ENCODE ZSTD,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    moneda CHAR(3) NOT NULL ENCODE ZSTD,
    instante_utc VARCHAR(32) NOT NULL ENCODE ZSTD,
    concepto VARCHAR(256) ENCODE ZSTD,
    archivo_sha256 CHAR(64) NOT NULL ENCODE ZSTD,
    fila BIGINT NOT NULL ENCODE AZ64
)
DISTKEY (id_movimiento)
COMPOUND SORTKEY (fecha_contable, id_sistema);
CREATE TABLE IF NOT EXISTS ops.writer_movimientos (candado BIGINT NOT NULL ENCODE RAW)
DISTSTYLE ALL
SORTKEY (candado);
CREATE TABLE IF NOT EXISTS ops.movimientos_loads (
    fecha_contable DATE NOT NULL ENCODE RAW,
    normalizado VARCHAR(512) NOT NULL ENCODE ZSTD,
    renglones BIGINT NOT NULL ENCODE AZ64,
    cargado TIMESTAMP NOT NULL ENCODE AZ64
)
DISTSTYLE ALL
SORTKEY (fecha_contable);
