-- Tables of one branch. Run inside its schema. Keys are unique within a branch only; all times are the branch's wall time.
CREATE TABLE clientes (
    id_cliente BIGINT NOT NULL,
    nombre VARCHAR(120) NOT NULL,
    curp CHAR(18) NULL,
    telefono VARCHAR(20) NULL,
    fecha_alta DATE NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id_cliente),
    KEY por_cursor (updated_at, id_cliente)
) ENGINE = InnoDB;

CREATE TABLE prestamos (
    id_prestamo BIGINT NOT NULL,
    id_cliente BIGINT NOT NULL,
    monto_credito DECIMAL(18, 2) NOT NULL,
    plazo_semanas INT NOT NULL,
    tasa_anual DECIMAL(9, 4) NOT NULL,
    fecha_desembolso DATE NOT NULL,
    estado VARCHAR(20) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id_prestamo),
    KEY por_cursor (updated_at, id_prestamo)
) ENGINE = InnoDB;

CREATE TABLE pagos (
    id_pago BIGINT NOT NULL,
    id_prestamo BIGINT NOT NULL,
    id_cliente BIGINT NOT NULL,
    monto DECIMAL(18, 2) NOT NULL,
    fecha_pago DATETIME NOT NULL,
    status_pago VARCHAR(20) NOT NULL,
    otros_datos VARCHAR(256) NULL,
    updated_at DATETIME(6) NOT NULL,
    PRIMARY KEY (id_pago),
    KEY por_cursor (updated_at, id_pago),
    KEY por_fecha (fecha_pago)
) ENGINE = InnoDB;
