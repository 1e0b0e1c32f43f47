-- create_clientes.sql  · generated from include/config/tables/clientes.yaml · idempotent: yes
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS staging;
CREATE TABLE IF NOT EXISTS core.clientes (
    id_sucursal BIGINT NOT NULL ENCODE RAW,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    nombre VARCHAR(480) NOT NULL ENCODE ZSTD,
    curp VARCHAR(72) ENCODE ZSTD,
    telefono VARCHAR(80) ENCODE ZSTD,
    fecha_alta_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_alta DATE NOT NULL ENCODE AZ64,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD,
    PRIMARY KEY (id_sucursal, id_cliente)
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (id_sucursal, id_cliente);
CREATE TABLE IF NOT EXISTS staging.clientes (
    id_sucursal BIGINT NOT NULL ENCODE RAW,
    id_cliente BIGINT NOT NULL ENCODE AZ64,
    nombre VARCHAR(480) NOT NULL ENCODE ZSTD,
    curp VARCHAR(72) ENCODE ZSTD,
    telefono VARCHAR(80) ENCODE ZSTD,
    fecha_alta_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    fecha_alta DATE NOT NULL ENCODE AZ64,
    updated_at_origen VARCHAR(26) NOT NULL ENCODE ZSTD,
    updated_at_utc TIMESTAMP NOT NULL ENCODE AZ64,
    snapshot_seq BIGINT NOT NULL ENCODE AZ64,
    borrado BOOLEAN NOT NULL ENCODE ZSTD
)
DISTSTYLE KEY
DISTKEY (id_cliente)
SORTKEY (id_sucursal, id_cliente);
COMMENT ON TABLE core.clientes
IS 'Clientes dados de alta en una sucursal';
COMMENT ON TABLE staging.clientes
IS 'Carga en curso de core.clientes';
COMMENT ON COLUMN core.clientes.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN core.clientes.id_cliente
IS 'Identificador del cliente en la sucursal';
COMMENT ON COLUMN core.clientes.nombre
IS 'Nombre completo';
COMMENT ON COLUMN core.clientes.curp
IS 'Clave Única de Registro de Población';
COMMENT ON COLUMN core.clientes.telefono
IS 'Teléfono de contacto';
COMMENT ON COLUMN core.clientes.fecha_alta_origen
IS 'Fecha de alta en la sucursal (texto de origen)';
COMMENT ON COLUMN core.clientes.fecha_alta
IS 'Fecha de alta en la sucursal (día local de la sucursal)';
COMMENT ON COLUMN core.clientes.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN core.clientes.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN core.clientes.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN core.clientes.borrado
IS 'El renglón ya no está vigente en la sucursal';
COMMENT ON COLUMN staging.clientes.id_sucursal
IS 'Sucursal de la que proviene el renglón';
COMMENT ON COLUMN staging.clientes.id_cliente
IS 'Identificador del cliente en la sucursal';
COMMENT ON COLUMN staging.clientes.nombre
IS 'Nombre completo';
COMMENT ON COLUMN staging.clientes.curp
IS 'Clave Única de Registro de Población';
COMMENT ON COLUMN staging.clientes.telefono
IS 'Teléfono de contacto';
COMMENT ON COLUMN staging.clientes.fecha_alta_origen
IS 'Fecha de alta en la sucursal (texto de origen)';
COMMENT ON COLUMN staging.clientes.fecha_alta
IS 'Fecha de alta en la sucursal (día local de la sucursal)';
COMMENT ON COLUMN staging.clientes.updated_at_origen
IS 'Última modificación en la sucursal (texto de origen)';
COMMENT ON COLUMN staging.clientes.updated_at_utc
IS 'Última modificación en la sucursal (UTC)';
COMMENT ON COLUMN staging.clientes.snapshot_seq
IS 'Secuencia de la instantánea que vio el renglón';
COMMENT ON COLUMN staging.clientes.borrado
IS 'El renglón ya no está vigente en la sucursal';
