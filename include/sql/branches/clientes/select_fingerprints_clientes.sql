-- select_fingerprints_clientes.sql  · generated · grain: branch and local day · params: none
SELECT
    id_sucursal,
    '' AS dia,
    COUNT(*) AS n,
    0 AS cents,
    CAST(COALESCE(SUM(STRTOL(LEFT(MD5(
    COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR
    || ':' || id_cliente::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(nombre)::VARCHAR
    || ':' || nombre, '-1:')
    || COALESCE(OCTET_LENGTH(curp)::VARCHAR
    || ':' || curp, '-1:')
    || COALESCE(OCTET_LENGTH(telefono)::VARCHAR
    || ':' || telefono, '-1:')
    || COALESCE(OCTET_LENGTH(fecha_alta_origen)::VARCHAR
    || ':' || fecha_alta_origen, '-1:')
    || COALESCE(OCTET_LENGTH(updated_at_origen)::VARCHAR
    || ':' || updated_at_origen, '-1:')
    ), 15), 16)::DECIMAL(38, 0)), 0)
        AS VARCHAR(40)) AS digest
FROM core.clientes
WHERE NOT borrado
GROUP BY id_sucursal;
