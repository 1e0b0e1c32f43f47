-- select_fingerprints_clientes.sql  · generated · grain: branch and local day · params: none
SELECT
    id_sucursal,
    '' AS dia,
    COUNT(*) AS n,
    0 AS cents,
    CAST(COALESCE(SUM(STRTOL(LEFT(MD5(
    COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR
    || ':' || id_cliente::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(nombre::VARCHAR)::VARCHAR
    || ':' || nombre::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(curp::VARCHAR)::VARCHAR
    || ':' || curp::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(telefono::VARCHAR)::VARCHAR
    || ':' || telefono::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(fecha_alta_origen::VARCHAR)::VARCHAR
    || ':' || fecha_alta_origen::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(updated_at_origen::VARCHAR)::VARCHAR
    || ':' || updated_at_origen::VARCHAR, '-1:')
    ), 15), 16)::DECIMAL(38, 0)), 0)
        AS VARCHAR(40)) AS digest
FROM core.clientes
WHERE NOT borrado
GROUP BY id_sucursal;
