-- create_pagos.sql  · generated from include/config/tables/pagos.yaml · idempotent: yes
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE TABLE IF NOT EXISTS core.pagos_historicos (
    id_sucursal BIGINT NOT NULL ENCODE AZ64,
    id_pago BIGINT NOT NULL ENCODE AZ64,
    id_prestamo BIGINT NOT NULL ENCODE AZ64,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    fecha_pago_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_pago_utc TIMESTAMP NOT NULL ENCODE AZ64,
    fecha_pago DATE NOT NULL ENCODE RAW,
    status_pago VARCHAR(80) NOT NULL ENCODE ZSTD,
    otros_datos VARCHAR(1024) ENCODE ZSTD,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    fecha_contable DATE NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD,
    PRIMARY KEY (id_sucursal, id_pago)
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (fecha_pago, id_cliente);
CREATE TABLE IF NOT EXISTS staging.pagos_historicos (
    id_sucursal BIGINT NOT NULL ENCODE AZ64,
    id_pago BIGINT NOT NULL ENCODE AZ64,
    id_prestamo BIGINT NOT NULL ENCODE AZ64,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    fecha_pago_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_pago_utc TIMESTAMP NOT NULL ENCODE AZ64,
    fecha_pago DATE NOT NULL ENCODE RAW,
    status_pago VARCHAR(80) NOT NULL ENCODE ZSTD,
    otros_datos VARCHAR(1024) ENCODE ZSTD,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    fecha_contable DATE NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (fecha_pago, id_cliente);
COMMENT ON TABLE core.pagos_historicos
IS 'Pagos de préstamos registrados en una sucursal; la historia que alimenta core.pagos_historicos';
COMMENT ON TABLE staging.pagos_historicos
IS 'Carga en curso de core.pagos_historicos';
COMMENT ON COLUMN core.pagos_historicos.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN core.pagos_historicos.id_pago
IS 'Identificador del pago en la sucursal';
COMMENT ON COLUMN core.pagos_historicos.id_prestamo
IS 'Préstamo al que se abona';
COMMENT ON COLUMN core.pagos_historicos.id_cliente
IS 'Cliente que paga';
COMMENT ON COLUMN core.pagos_historicos.monto
IS 'Monto pagado en MXN';
COMMENT ON COLUMN core.pagos_historicos.fecha_pago_origen
IS 'Fecha y hora local del pago (texto de origen)';
COMMENT ON COLUMN core.pagos_historicos.fecha_pago_utc
IS 'Fecha y hora local del pago (UTC)';
COMMENT ON COLUMN core.pagos_historicos.fecha_pago
IS 'Fecha y hora local del pago (día local de la sucursal)';
COMMENT ON COLUMN core.pagos_historicos.status_pago
IS 'PAGADO, PENDIENTE o RECHAZADO';
COMMENT ON COLUMN core.pagos_historicos.otros_datos
IS 'Observaciones de caja';
COMMENT ON COLUMN core.pagos_historicos.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN core.pagos_historicos.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN core.pagos_historicos.fecha_contable
IS 'Día contable, Ciudad de México';
COMMENT ON COLUMN core.pagos_historicos.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN core.pagos_historicos.borrado
IS 'El renglón ya no está vigente en la sucursal';
COMMENT ON COLUMN staging.pagos_historicos.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN staging.pagos_historicos.id_pago
IS 'Identificador del pago en la sucursal';
COMMENT ON COLUMN staging.pagos_historicos.id_prestamo
IS 'Préstamo al que se abona';
COMMENT ON COLUMN staging.pagos_historicos.id_cliente
IS 'Cliente que paga';
COMMENT ON COLUMN staging.pagos_historicos.monto
IS 'Monto pagado en MXN';
COMMENT ON COLUMN staging.pagos_historicos.fecha_pago_origen
IS 'Fecha y hora local del pago (texto de origen)';
COMMENT ON COLUMN staging.pagos_historicos.fecha_pago_utc
IS 'Fecha y hora local del pago (UTC)';
COMMENT ON COLUMN staging.pagos_historicos.fecha_pago
IS 'Fecha y hora local del pago (día local de la sucursal)';
COMMENT ON COLUMN staging.pagos_historicos.status_pago
IS 'PAGADO, PENDIENTE o RECHAZADO';
COMMENT ON COLUMN staging.pagos_historicos.otros_datos
IS 'Observaciones de caja';
COMMENT ON COLUMN staging.pagos_historicos.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN staging.pagos_historicos.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN staging.pagos_historicos.fecha_contable
IS 'Día contable, Ciudad de México';
COMMENT ON COLUMN staging.pagos_historicos.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN staging.pagos_historicos.borrado
IS 'El renglón ya no está vigente en la sucursal';
