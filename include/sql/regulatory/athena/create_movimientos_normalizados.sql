-- create_movimientos_normalizados.sql · the normalised movements of any night, for Athena · run once per account
-- A partition is one night's list of its own files (`athena` in its normalised manifest): never "what is there now".
CREATE EXTERNAL TABLE IF NOT EXISTS podemos.movimientos_normalizados (
    fecha_contable DATE,
    id_sistema STRING,
    id_movimiento STRING,
    id_sucursal BIGINT,
    id_cliente BIGINT,
    tipo STRING,
    monto DECIMAL(18, 2),
    moneda STRING,
    instante_utc STRING,
    concepto STRING,
    archivo_sha256 STRING,
    fila BIGINT
)
PARTITIONED BY (dia STRING, noche STRING)
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.IgnoreKeyTextOutputFormat'
LOCATION 's3://podemos-lake/regulatory/athena/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dia.type' = 'injected',
    'projection.noche.type' = 'injected',
    'storage.location.template' = 's3://podemos-lake/regulatory/athena/${dia}/${noche}/'
);
