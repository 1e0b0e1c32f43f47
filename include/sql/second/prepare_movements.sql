-- prepare_movements.sql · what the second engine read: the columns of core.movimientos
CREATE TABLE movimientos (
    fecha_contable DATE NOT NULL,
    id_sistema VARCHAR NOT NULL,
    id_movimiento VARCHAR NOT NULL,
    id_sucursal BIGINT,
    id_cliente BIGINT,
    tipo VARCHAR NOT NULL,
    monto DECIMAL(18, 2) NOT NULL,
    moneda VARCHAR NOT NULL,
    instante_utc VARCHAR NOT NULL,
    concepto VARCHAR,
    archivo_sha256 VARCHAR NOT NULL,
    fila BIGINT NOT NULL
);
