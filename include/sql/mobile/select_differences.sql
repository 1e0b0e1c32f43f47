-- select_differences.sql · grain: one row per (id_sucursal, id_recibo) that differs · params: :since
-- A receipt's payments on phones add up; the branch books the receipt as one payment of the same number.
WITH en_campo AS (
    SELECT
        id_sucursal,
        id_recibo,
        COUNT(*) AS pagos,
        SUM(monto) AS monto,
        MIN(fecha_contable) AS fecha_contable
    FROM core.pagos_moviles
    WHERE fecha_contable >= CAST(:since AS DATE)
    GROUP BY id_sucursal, id_recibo
)

SELECT
    m.id_sucursal,
    m.id_recibo,
    m.fecha_contable,
    m.pagos,
    CAST(m.monto * 100 AS BIGINT) AS centavos_en_campo,
    CAST(COALESCE(p.monto, 0) * 100 AS BIGINT) AS centavos_en_sucursal,
    CAST((m.monto - COALESCE(p.monto, 0)) * 100 AS BIGINT) AS diferencia_centavos,
    CASE
        WHEN p.id_pago IS NULL THEN 'sin_pago_en_sucursal'
        WHEN p.borrado THEN 'borrado_en_sucursal'
        WHEN p.status_pago <> 'PAGADO' THEN 'no_pagado_en_sucursal'
        ELSE 'monto_distinto'
    END AS causa
FROM en_campo AS m
LEFT JOIN core.pagos_historicos AS p
    ON m.id_sucursal = p.id_sucursal AND m.id_recibo = CAST(p.id_pago AS VARCHAR(64))
WHERE p.id_pago IS NULL OR p.borrado OR p.status_pago <> 'PAGADO' OR p.monto <> m.monto
ORDER BY m.fecha_contable, m.id_sucursal, m.id_recibo;
