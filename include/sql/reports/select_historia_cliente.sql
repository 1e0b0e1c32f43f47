-- select_historia_cliente.sql · grain: pago · params: :id_sucursal, :id_cliente
SELECT
    p.fecha_pago,
    p.id_pago,
    p.id_prestamo,
    p.monto,
    p.status_pago
FROM core.pagos_historicos AS p
WHERE p.id_sucursal = :id_sucursal
    AND p.id_cliente = :id_cliente
    AND NOT p.borrado
ORDER BY p.fecha_pago, p.id_pago;
