-- select_payments.sql · grain: one row per payment of a branch and day · params: :business_date, :id_sucursal
-- Read only for a branch whose totals differ, to name the payment.
SELECT
    id_pago,
    (monto * 100)::BIGINT AS centavos
FROM core.pagos_historicos
WHERE fecha_contable = CAST(:business_date AS DATE)
    AND id_sucursal = CAST(:id_sucursal AS BIGINT)
    AND status_pago = 'PAGADO'
    AND NOT borrado
ORDER BY id_pago;
