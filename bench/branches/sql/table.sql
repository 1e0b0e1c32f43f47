CREATE TABLE pagos_banco (
    id_pago BIGINT NOT NULL,
    id_prestamo BIGINT NOT NULL,
    id_cliente BIGINT NOT NULL,
    id_cajero INT NOT NULL,
    monto DECIMAL(18, 2) NULL,
    fecha_pago DATETIME NOT NULL,
    status_pago VARCHAR(20) NOT NULL,
    metodo_pago VARCHAR(20) NULL,
    otros_datos VARCHAR(256) NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id_pago),
    KEY (updated_at),
    KEY (fecha_pago)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
