-- select_fingerprints_prestamos.sql  · generated · grain: branch and local day · params: none
SELECT
    id_sucursal,
    '' AS dia,
    COUNT(*) AS n,
    COALESCE(SUM(monto_credito) * 100, 0)::BIGINT AS cents,
    CAST(COALESCE(SUM(STRTOL(LEFT(MD5(
    COALESCE(OCTET_LENGTH(id_prestamo::VARCHAR)::VARCHAR
    || ':' || id_prestamo::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR
    || ':' || id_cliente::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(monto_credito::VARCHAR)::VARCHAR
    || ':' || monto_credito::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(plazo_semanas::VARCHAR)::VARCHAR
    || ':' || plazo_semanas::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(tasa_anual::VARCHAR)::VARCHAR
    || ':' || tasa_anual::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(fecha_desembolso_origen)::VARCHAR
    || ':' || fecha_desembolso_origen, '-1:')
    || COALESCE(OCTET_LENGTH(estado)::VARCHAR
    || ':' || estado, '-1:')
    || COALESCE(OCTET_LENGTH(updated_at_origen)::VARCHAR
    || ':' || updated_at_origen, '-1:')
    ), 15), 16)::DECIMAL(38, 0)), 0)
        AS VARCHAR(40)) AS digest
FROM core.prestamos
WHERE NOT borrado
GROUP BY id_sucursal;
