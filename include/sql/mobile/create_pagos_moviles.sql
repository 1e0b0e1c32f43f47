-- create_pagos_moviles.sql · payments taken on the officers' phones, their staging and mutex · idempotent: yes
-- DISTKEY id_cliente: joined with the branches' payments of the client. SORTKEY fecha_contable prunes to some days.
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS core.pagos_moviles (
    event_id VARCHAR(36) NOT NULL ENCODE ZSTD,
    id_sucursal BIGINT NOT NULL ENCODE AZ64,
    id_dispositivo VARCHAR(64) NOT NULL ENCODE ZSTD,
    secuencia BIGINT NOT NULL ENCODE AZ64,
    id_recibo VARCHAR(64) NOT NULL ENCODE ZSTD,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    capturado_utc TIMESTAMP NOT NULL ENCODE AZ64,
    recibido_utc TIMESTAMP NOT NULL ENCODE AZ64,
    desfase_s BIGINT NOT NULL ENCODE AZ64,
    fecha_contable DATE NOT NULL ENCODE RAW,
    foto VARCHAR(64) ENCODE ZSTD,
    lat DECIMAL(9, 6) ENCODE AZ64,
    lon DECIMAL(9, 6) ENCODE AZ64,
    region VARCHAR(32) ENCODE ZSTD,
    objeto VARCHAR(1024) NOT NULL ENCODE ZSTD,
    linea BIGINT NOT NULL ENCODE AZ64,
    revision BIGINT NOT NULL ENCODE AZ64,
    PRIMARY KEY (event_id)
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (fecha_contable, id_sucursal);
CREATE TABLE IF NOT EXISTS staging.pagos_moviles (
    event_id VARCHAR(36) NOT NULL ENCODE ZSTD,
    id_sucursal BIGINT NOT NULL ENCODE AZ64,
    id_dispositivo VARCHAR(64) NOT NULL ENCODE ZSTD,
    secuencia BIGINT NOT NULL ENCODE AZ64,
    id_recibo VARCHAR(64) NOT NULL ENCODE ZSTD,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    capturado_utc TIMESTAMP NOT NULL ENCODE AZ64,
    recibido_utc TIMESTAMP NOT NULL ENCODE AZ64,
    desfase_s BIGINT NOT NULL ENCODE AZ64,
    fecha_contable DATE NOT NULL ENCODE RAW,
    foto VARCHAR(64) ENCODE ZSTD,
    lat DECIMAL(9, 6) ENCODE AZ64,
    lon DECIMAL(9, 6) ENCODE AZ64,
    region VARCHAR(32) ENCODE ZSTD,
    objeto VARCHAR(1024) NOT NULL ENCODE ZSTD,
    linea BIGINT NOT NULL ENCODE AZ64,
    revision BIGINT NOT NULL ENCODE AZ64
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (fecha_contable, id_sucursal);
CREATE TABLE IF NOT EXISTS ops.writer_pagos_moviles (candado BIGINT NOT NULL ENCODE RAW)
DISTSTYLE ALL
SORTKEY (candado);
