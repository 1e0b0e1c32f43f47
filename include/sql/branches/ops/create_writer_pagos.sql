-- create_writer_pagos.sql  · generated · idempotent: yes
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.writer_pagos (candado BIGINT NOT NULL ENCODE RAW)
DISTSTYLE ALL
SORTKEY (candado);
COMMENT ON TABLE ops.writer_pagos
IS 'Candado: quien carga core.pagos_historicos bloquea esta tabla; los lectores no se enteran';
COMMENT ON COLUMN ops.writer_pagos.candado
IS 'Sin uso; la tabla queda vacía';
