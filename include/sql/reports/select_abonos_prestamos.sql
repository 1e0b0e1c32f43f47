-- select_abonos_prestamos.sql · grain: préstamo · params: :desde, :hasta (exclusive)
SELECT
    r.id_sucursal,
    r.id_prestamo,
    MAX(p.fecha_pago) AS ultimo_abono,
    SUM(p.monto) AS abonado
FROM core.pagos_historicos AS p
INNER JOIN core.prestamos AS r
    ON p.id_sucursal = r.id_sucursal
    AND p.id_prestamo = r.id_prestamo
WHERE p.fecha_pago >= CAST(:desde AS DATE)
    AND p.fecha_pago < CAST(:hasta AS DATE)
    AND p.status_pago = 'PAGADO'
    AND NOT p.borrado
GROUP BY r.id_sucursal, r.id_prestamo
ORDER BY r.id_sucursal, r.id_prestamo;
