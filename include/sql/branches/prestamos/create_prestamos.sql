-- create_prestamos.sql  · generated from include/config/tables/prestamos.yaml · idempotent: yes
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE TABLE IF NOT EXISTS core.prestamos (
    id_sucursal BIGINT NOT NULL ENCODE RAW,
    id_prestamo BIGINT NOT NULL ENCODE AZ64,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto_credito DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    plazo_semanas BIGINT NOT NULL ENCODE AZ64,
    tasa_anual DECIMAL(9, 4) NOT NULL ENCODE AZ64,
    fecha_desembolso_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_desembolso DATE NOT NULL ENCODE AZ64,
    estado VARCHAR(80) NOT NULL ENCODE ZSTD,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD,
    PRIMARY KEY (id_sucursal, id_prestamo)
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (id_sucursal, id_cliente);
CREATE TABLE IF NOT EXISTS staging.prestamos (
    id_sucursal BIGINT NOT NULL ENCODE RAW,
    id_prestamo BIGINT NOT NULL ENCODE AZ64,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    monto_credito DECIMAL(18, 2) NOT NULL ENCODE AZ64,
    plazo_semanas BIGINT NOT NULL ENCODE AZ64,
    tasa_anual DECIMAL(9, 4) NOT NULL ENCODE AZ64,
    fecha_desembolso_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_desembolso DATE NOT NULL ENCODE AZ64,
    estado VARCHAR(80) NOT NULL ENCODE ZSTD,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (id_sucursal, id_cliente);
COMMENT ON TABLE core.prestamos
IS 'Créditos otorgados por una sucursal';
COMMENT ON TABLE staging.prestamos
IS 'Carga en curso de core.prestamos';
COMMENT ON COLUMN core.prestamos.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN core.prestamos.id_prestamo
IS 'Identificador del préstamo en la sucursal';
COMMENT ON COLUMN core.prestamos.id_cliente
IS 'Cliente acreditado';
COMMENT ON COLUMN core.prestamos.monto_credito
IS 'Monto otorgado en MXN';
COMMENT ON COLUMN core.prestamos.plazo_semanas
IS 'Plazo en semanas';
COMMENT ON COLUMN core.prestamos.tasa_anual
IS 'Tasa anual nominal';
COMMENT ON COLUMN core.prestamos.fecha_desembolso_origen
IS 'Fecha de desembolso (texto de origen)';
COMMENT ON COLUMN core.prestamos.fecha_desembolso
IS 'Fecha de desembolso (día local de la sucursal)';
COMMENT ON COLUMN core.prestamos.estado
IS 'Estado del préstamo';
COMMENT ON COLUMN core.prestamos.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN core.prestamos.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN core.prestamos.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN core.prestamos.borrado
IS 'El renglón ya no está vigente en la sucursal';
COMMENT ON COLUMN staging.prestamos.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN staging.prestamos.id_prestamo
IS 'Identificador del préstamo en la sucursal';
COMMENT ON COLUMN staging.prestamos.id_cliente
IS 'Cliente acreditado';
COMMENT ON COLUMN staging.prestamos.monto_credito
IS 'Monto otorgado en MXN';
COMMENT ON COLUMN staging.prestamos.plazo_semanas
IS 'Plazo en semanas';
COMMENT ON COLUMN staging.prestamos.tasa_anual
IS 'Tasa anual nominal';
COMMENT ON COLUMN staging.prestamos.fecha_desembolso_origen
IS 'Fecha de desembolso (texto de origen)';
COMMENT ON COLUMN staging.prestamos.fecha_desembolso
IS 'Fecha de desembolso (día local de la sucursal)';
COMMENT ON COLUMN staging.prestamos.estado
IS 'Estado del préstamo';
COMMENT ON COLUMN staging.prestamos.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN staging.prestamos.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN staging.prestamos.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN staging.prestamos.borrado
IS 'El renglón ya no está vigente en la sucursal';
