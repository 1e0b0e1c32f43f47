-- create_writer_clientes.sql  · generated · idempotent: yes
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.writer_clientes (candado BIGINT NOT NULL ENCODE RAW)
DISTSTYLE ALL
SORTKEY (candado);
COMMENT ON TABLE ops.writer_clientes
IS 'Candado: quien carga core.clientes bloquea esta tabla; los lectores no se enteran';
COMMENT ON COLUMN ops.writer_clientes.candado
IS 'Sin uso; la tabla queda vacía';
