-- create_redesigns.sql · the ledger of redesigns, written in the transactions it speaks of · idempotent: yes
-- A row that may not be written is NULL in a NOT NULL column: that is how a transaction of the Data API refuses itself.
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.redesigns (
    plan VARCHAR(64) NOT NULL ENCODE RAW,
    paso VARCHAR(64) NOT NULL ENCODE ZSTD,
    renglones BIGINT NOT NULL ENCODE AZ64,
    hecho TIMESTAMP NOT NULL ENCODE AZ64
)
DISTSTYLE ALL
SORTKEY (plan);
CREATE TABLE IF NOT EXISTS ops.redesign_days (
    plan VARCHAR(64) NOT NULL ENCODE RAW,
    paso VARCHAR(64) NOT NULL ENCODE ZSTD,
    dia DATE NOT NULL ENCODE AZ64,
    renglones BIGINT NOT NULL ENCODE AZ64,
    centavos DECIMAL(38, 0) NOT NULL ENCODE AZ64,
    huella DECIMAL(38, 0) NOT NULL ENCODE AZ64
)
DISTSTYLE ALL
SORTKEY (plan);
COMMENT ON TABLE ops.redesigns
IS 'Rediseños de tablas: cada paso que se confirmó, escrito en su misma transacción';
COMMENT ON COLUMN ops.redesigns.plan
IS 'Plan del rediseño';
COMMENT ON COLUMN ops.redesigns.paso
IS 'Paso confirmado';
COMMENT ON COLUMN ops.redesigns.renglones
IS 'Renglones que el paso comprobó o movió';
COMMENT ON COLUMN ops.redesigns.hecho
IS 'Cuándo (UTC)';
COMMENT ON TABLE ops.redesign_days
IS 'Totales por día de la tabla en el instante del cambio de nombres';
COMMENT ON COLUMN ops.redesign_days.plan
IS 'Plan del rediseño';
COMMENT ON COLUMN ops.redesign_days.paso
IS 'Cambio de nombres: swap o rollback';
COMMENT ON COLUMN ops.redesign_days.dia
IS 'Día de la columna de fecha; 0001-01-01 es sin fecha';
COMMENT ON COLUMN ops.redesign_days.renglones
IS 'Renglones del día';
COMMENT ON COLUMN ops.redesign_days.centavos
IS 'Suma del monto en centavos';
COMMENT ON COLUMN ops.redesign_days.huella
IS 'Huella de los renglones, sin orden';
