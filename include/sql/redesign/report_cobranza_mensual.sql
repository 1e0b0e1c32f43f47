-- report_cobranza_mensual.sql · critical report: collected per month and status · grain: month, status
-- params: :schema, :table (names)
SELECT
    DATE_TRUNC('month', fecha_pago) AS mes,
    status_pago,
    COUNT(*) AS pagos,
    SUM(monto) AS total
FROM :schema.:table
WHERE NOT borrado
GROUP BY DATE_TRUNC('month', fecha_pago), status_pago;
