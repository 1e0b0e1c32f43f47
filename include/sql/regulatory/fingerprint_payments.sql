-- fingerprint_payments.sql · grain: one row per branch · params: :business_date
-- The payments that are movements of the day, as the branches' history holds them; the row text is the contract's.
SELECT
    id_sucursal,
    COUNT(*) AS renglones,
    (SUM(monto) * 100)::BIGINT AS centavos,
    SUM(STRTOL(LEFT(MD5(
        OCTET_LENGTH(id_pago::VARCHAR)::VARCHAR || ':' || id_pago::VARCHAR
        || COALESCE(OCTET_LENGTH(id_prestamo::VARCHAR)::VARCHAR || ':' || id_prestamo::VARCHAR, '-1:')
        || COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR || ':' || id_cliente::VARCHAR, '-1:')
        || COALESCE(OCTET_LENGTH(monto::VARCHAR)::VARCHAR || ':' || monto::VARCHAR, '-1:')
        || COALESCE(OCTET_LENGTH(fecha_pago_origen)::VARCHAR || ':' || fecha_pago_origen, '-1:')
        || COALESCE(OCTET_LENGTH(status_pago)::VARCHAR || ':' || status_pago, '-1:')
        || COALESCE(OCTET_LENGTH(otros_datos)::VARCHAR || ':' || otros_datos, '-1:')
        || COALESCE(OCTET_LENGTH(updated_at_origen)::VARCHAR || ':' || updated_at_origen, '-1:')
    ), 15), 16)::DECIMAL(38, 0)) AS huella
FROM core.pagos_historicos
WHERE fecha_contable = CAST(:business_date AS DATE) AND status_pago = 'PAGADO' AND NOT borrado
GROUP BY id_sucursal
ORDER BY id_sucursal;
