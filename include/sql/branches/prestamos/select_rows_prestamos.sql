-- select_rows_prestamos.sql  · generated · grain: one row · params: :branch
SELECT
    id_prestamo,
    id_cliente,
    monto_credito,
    plazo_semanas,
    tasa_anual,
    CAST(fecha_desembolso_origen AS VARCHAR(26)) AS fecha_desembolso,
    estado,
    CAST(updated_at_origen AS VARCHAR(26)) AS updated_at
FROM core.prestamos
WHERE NOT borrado
    AND id_sucursal = CAST(:branch AS BIGINT)
ORDER BY id_prestamo;
