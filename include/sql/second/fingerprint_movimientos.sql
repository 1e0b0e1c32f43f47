-- fingerprint_movimientos.sql · grain: one row per system of the day · params: business_date
-- The row text is the one of podemos.regulatory.movement.digest_of: <octets>:<bytes> per column, -1: for NULL.
SELECT
    id_sistema,
    COUNT(*) AS renglones,
    CAST(SUM(monto) * 100 AS BIGINT) AS centavos,
    SUM(CAST('0x' || LEFT(MD5(
        STRLEN(CAST(fecha_contable AS VARCHAR)) || ':' || CAST(fecha_contable AS VARCHAR)
        || STRLEN(id_sistema) || ':' || id_sistema
        || STRLEN(id_movimiento) || ':' || id_movimiento
        || COALESCE(STRLEN(CAST(id_sucursal AS VARCHAR)) || ':' || id_sucursal, '-1:')
        || COALESCE(STRLEN(CAST(id_cliente AS VARCHAR)) || ':' || id_cliente, '-1:')
        || STRLEN(tipo) || ':' || tipo
        || STRLEN(CAST(monto AS VARCHAR)) || ':' || monto
        || STRLEN(moneda) || ':' || moneda
        || STRLEN(instante_utc) || ':' || instante_utc
        || COALESCE(STRLEN(concepto) || ':' || concepto, '-1:')
        || STRLEN(archivo_sha256) || ':' || archivo_sha256
        || STRLEN(CAST(fila AS VARCHAR)) || ':' || fila
    ), 15) AS BIGINT)) AS huella
FROM movimientos
WHERE fecha_contable = $business_date
GROUP BY id_sistema
ORDER BY id_sistema;
