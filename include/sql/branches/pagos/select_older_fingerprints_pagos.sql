-- select_older_fingerprints_pagos.sql  · generated · grain: branch and local day · params: :of, :slice
SELECT
    id_sucursal,
    fecha_pago AS dia,
    COUNT(*) AS n,
    COALESCE(SUM(monto) * 100, 0)::BIGINT AS cents,
    CAST(COALESCE(SUM(STRTOL(LEFT(MD5(
    COALESCE(OCTET_LENGTH(id_pago::VARCHAR)::VARCHAR
    || ':' || id_pago::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(id_prestamo::VARCHAR)::VARCHAR
    || ':' || id_prestamo::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(id_cliente::VARCHAR)::VARCHAR
    || ':' || id_cliente::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(monto::VARCHAR)::VARCHAR
    || ':' || monto::VARCHAR, '-1:')
    || COALESCE(OCTET_LENGTH(fecha_pago_origen)::VARCHAR
    || ':' || fecha_pago_origen, '-1:')
    || COALESCE(OCTET_LENGTH(status_pago)::VARCHAR
    || ':' || status_pago, '-1:')
    || COALESCE(OCTET_LENGTH(otros_datos)::VARCHAR
    || ':' || otros_datos, '-1:')
    || COALESCE(OCTET_LENGTH(updated_at_origen)::VARCHAR
    || ':' || updated_at_origen, '-1:')
    ), 15), 16)::DECIMAL(38, 0)), 0)
        AS VARCHAR(40)) AS digest
FROM core.pagos_historicos
WHERE NOT borrado
    AND MOD(
        CAST(GREATEST((EXTRACT(YEAR FROM fecha_pago) - 2000) * 12 + EXTRACT(MONTH FROM fecha_pago) - 1, 0) AS BIGINT),
        CAST(:of AS BIGINT)
    ) = CAST(:slice AS BIGINT)
GROUP BY id_sucursal, fecha_pago;
