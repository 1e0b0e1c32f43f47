-- create_writer_prestamos.sql  · generated · idempotent: yes
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.writer_prestamos (candado BIGINT NOT NULL ENCODE RAW)
DISTSTYLE ALL
SORTKEY (candado);
COMMENT ON TABLE ops.writer_prestamos
IS 'Candado: quien carga core.prestamos bloquea esta tabla; los lectores no se enteran';
COMMENT ON COLUMN ops.writer_prestamos.candado
IS 'Sin uso; la tabla queda vacía';
