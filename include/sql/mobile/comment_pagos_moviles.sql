-- comment_pagos_moviles.sql · governance comments of the phones' payments · idempotent: yes
COMMENT ON TABLE core.pagos_moviles IS 'Pagos cobrados en campo: un renglón por evento del teléfono, nunca modificado';
COMMENT ON COLUMN core.pagos_moviles.event_id
IS 'Identidad del evento (UUID) que puso el teléfono; una vez en la tabla';
COMMENT ON COLUMN core.pagos_moviles.id_sucursal IS 'Sucursal del gestor';
COMMENT ON COLUMN core.pagos_moviles.id_dispositivo IS 'Teléfono que capturó el pago';
COMMENT ON COLUMN core.pagos_moviles.secuencia IS 'Cuenta propia del teléfono, sin huecos';
COMMENT ON COLUMN core.pagos_moviles.id_recibo IS 'Recibo entregado; varios pagos de un recibo se suman';
COMMENT ON COLUMN core.pagos_moviles.id_cliente IS 'Cliente que paga';
COMMENT ON COLUMN core.pagos_moviles.monto IS 'Monto cobrado en MXN, exacto al centavo';
COMMENT ON COLUMN core.pagos_moviles.capturado_utc IS 'Instante de captura según el reloj del teléfono (UTC)';
COMMENT ON COLUMN core.pagos_moviles.recibido_utc IS 'Instante en que el servidor lo recibió (UTC)';
COMMENT ON COLUMN core.pagos_moviles.desfase_s
IS 'Segundos que se suman al reloj del teléfono; cero si aún no se conocen';
COMMENT ON COLUMN core.pagos_moviles.fecha_contable IS 'Día contable, Ciudad de México, con el reloj corregido';
COMMENT ON COLUMN core.pagos_moviles.foto IS 'SHA-256 de la foto del comprobante';
COMMENT ON COLUMN core.pagos_moviles.lat IS 'Latitud de la captura';
COMMENT ON COLUMN core.pagos_moviles.lon IS 'Longitud de la captura';
COMMENT ON COLUMN core.pagos_moviles.region IS 'Región de la sucursal';
COMMENT ON COLUMN core.pagos_moviles.objeto IS 'Envío del que proviene, en el lago';
COMMENT ON COLUMN core.pagos_moviles.linea IS 'Renglón del envío, desde 1';
COMMENT ON COLUMN core.pagos_moviles.revision IS 'Revisión del lago que lo trajo';
COMMENT ON TABLE ops.writer_pagos_moviles IS 'Candado: quien carga core.pagos_moviles bloquea esta tabla';
COMMENT ON COLUMN ops.writer_pagos_moviles.candado IS 'Sin uso; la tabla queda vacía';
