-- fingerprint_movimientos.sql · grain: one row per system of the day · params: :business_date
-- The row text is the one of podemos.regulatory.movement.digest_of: <octets>:<bytes> per column, -1: for NULL.
SELECT
    id_sistema,
    COUNT(*) AS renglones,
    (SUM(monto) * 100)::BIGINT AS centavos,
    SUM(STRTOL(LEFT(MD5(
        OCTET_LENGTH(fecha_contable::VARCHAR)::VARCHAR || ':' || fecha_contable::VARCHAR
        || OCTET_LENGTH(id_sistema)::VARCHAR || ':' || id_sistema
        || OCTET_LENGTH(id_movimiento)::VARCHAR || ':' || id_movimiento
        || COALESCE(OCTET_LENGTH(id_sucursal::VARCHAR)::VARCHAR || ':' || id_sucursal::VARCHAR, '-1:')
        || COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR || ':' || id_cliente::VARCHAR, '-1:')
        || OCTET_LENGTH(tipo)::VARCHAR || ':' || tipo
        || OCTET_LENGTH(monto::VARCHAR)::VARCHAR || ':' || monto::VARCHAR
        || OCTET_LENGTH(moneda)::VARCHAR || ':' || moneda
        || OCTET_LENGTH(instante_utc)::VARCHAR || ':' || instante_utc
        || COALESCE(OCTET_LENGTH(concepto)::VARCHAR || ':' || concepto, '-1:')
        || OCTET_LENGTH(archivo_sha256)::VARCHAR || ':' || archivo_sha256
        || OCTET_LENGTH(fila::VARCHAR)::VARCHAR || ':' || fila::VARCHAR
    ), 15), 16)::DECIMAL(38, 0)) AS huella
FROM core.movimientos
WHERE fecha_contable = CAST(:business_date AS DATE)
GROUP BY id_sistema
ORDER BY id_sistema;
