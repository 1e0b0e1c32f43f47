-- select_pendientes.sql · grain: pago · params: :desde, :hasta (inclusive)
SELECT
    p.id_sucursal,
    p.id_pago,
    p.id_cliente,
    p.fecha_pago,
    p.monto
FROM core.pagos_historicos AS p
WHERE p.status_pago IN ('PENDIENTE', 'RECHAZADO')
    AND p.fecha_pago BETWEEN CAST(:desde AS DATE) AND CAST(:hasta AS DATE)
    AND NOT p.borrado
ORDER BY p.fecha_pago, p.id_sucursal, p.id_pago;
