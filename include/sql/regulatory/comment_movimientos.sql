-- comment_movimientos.sql · governance comments of the movements · idempotent: yes
COMMENT ON TABLE core.movimientos IS 'Movimientos del reporte regulatorio: un renglón por sistema y movimiento del día';
COMMENT ON COLUMN core.movimientos.fecha_contable IS 'Día contable, Ciudad de México';
COMMENT ON COLUMN core.movimientos.id_sistema IS 'Sistema que entregó el movimiento (include/config/sources.yaml)';
COMMENT ON COLUMN core.movimientos.id_movimiento IS 'Identificador del movimiento en su sistema';
COMMENT ON COLUMN core.movimientos.id_sucursal IS 'Sucursal, cuando el sistema la conoce';
COMMENT ON COLUMN core.movimientos.id_cliente IS 'Cliente en la sucursal; sensibilidad 1';
COMMENT ON COLUMN core.movimientos.tipo IS 'CARGO o ABONO';
COMMENT ON COLUMN core.movimientos.monto IS 'Monto en MXN, exacto al centavo';
COMMENT ON COLUMN core.movimientos.moneda IS 'Moneda ISO 4217';
COMMENT ON COLUMN core.movimientos.instante_utc IS 'Instante del movimiento en UTC, texto ISO 8601';
COMMENT ON COLUMN core.movimientos.concepto IS 'Concepto según el sistema de origen; sensibilidad 1';
COMMENT ON COLUMN core.movimientos.archivo_sha256 IS 'SHA-256 del archivo de origen sellado';
COMMENT ON COLUMN core.movimientos.fila IS 'Número de registro en el archivo de origen, desde 1';
COMMENT ON TABLE staging.movimientos IS 'Área de carga de core.movimientos';
COMMENT ON TABLE ops.writer_movimientos IS 'Candado de escritura de core.movimientos: LOCK antes de cargar';
