-- select_rows_clientes.sql  · generated · grain: one row · params: :branch
SELECT
    id_cliente,
    nombre,
    curp,
    telefono,
    CAST(fecha_alta_origen AS VARCHAR(26)) AS fecha_alta,
    CAST(updated_at_origen AS VARCHAR(26)) AS updated_at
FROM core.clientes
WHERE NOT borrado
    AND id_sucursal = CAST(:branch AS BIGINT)
ORDER BY id_cliente;
