-- comment_staging_pagos_moviles.sql · governance comments of the staging table · idempotent: yes
COMMENT ON TABLE staging.pagos_moviles IS 'Carga en curso de core.pagos_moviles';
COMMENT ON COLUMN staging.pagos_moviles.event_id
IS 'Identidad del evento (UUID) que puso el teléfono; una vez en la tabla';
COMMENT ON COLUMN staging.pagos_moviles.id_sucursal IS 'Sucursal del gestor';
COMMENT ON COLUMN staging.pagos_moviles.id_dispositivo IS 'Teléfono que capturó el pago';
COMMENT ON COLUMN staging.pagos_moviles.secuencia IS 'Cuenta propia del teléfono, sin huecos';
COMMENT ON COLUMN staging.pagos_moviles.id_recibo IS 'Recibo entregado; varios pagos de un recibo se suman';
COMMENT ON COLUMN staging.pagos_moviles.id_cliente IS 'Cliente que paga';
COMMENT ON COLUMN staging.pagos_moviles.monto IS 'Monto cobrado en MXN, exacto al centavo';
COMMENT ON COLUMN staging.pagos_moviles.capturado_utc IS 'Instante de captura según el reloj del teléfono (UTC)';
COMMENT ON COLUMN staging.pagos_moviles.recibido_utc IS 'Instante en que el servidor lo recibió (UTC)';
COMMENT ON COLUMN staging.pagos_moviles.desfase_s
IS 'Segundos que se suman al reloj del teléfono; cero si aún no se conocen';
COMMENT ON COLUMN staging.pagos_moviles.fecha_contable IS 'Día contable, Ciudad de México, con el reloj corregido';
COMMENT ON COLUMN staging.pagos_moviles.foto IS 'SHA-256 de la foto del comprobante';
COMMENT ON COLUMN staging.pagos_moviles.lat IS 'Latitud de la captura';
COMMENT ON COLUMN staging.pagos_moviles.lon IS 'Longitud de la captura';
COMMENT ON COLUMN staging.pagos_moviles.region IS 'Región de la sucursal';
COMMENT ON COLUMN staging.pagos_moviles.objeto IS 'Envío del que proviene, en el lago';
COMMENT ON COLUMN staging.pagos_moviles.linea IS 'Renglón del envío, desde 1';
COMMENT ON COLUMN staging.pagos_moviles.revision IS 'Revisión del lago que lo trajo';
