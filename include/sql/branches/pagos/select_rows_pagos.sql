-- select_rows_pagos.sql  · generated · grain: one row · params: :branch, :day
SELECT
    id_pago,
    id_prestamo,
    id_cliente,
    monto,
    CAST(fecha_pago_origen AS VARCHAR(26)) AS fecha_pago,
    status_pago,
    otros_datos,
    CAST(updated_at_origen AS VARCHAR(26)) AS updated_at
FROM core.pagos_historicos
WHERE NOT borrado
    AND id_sucursal = CAST(:branch AS BIGINT)
    AND fecha_pago = CAST(:day AS DATE)
ORDER BY id_pago;
