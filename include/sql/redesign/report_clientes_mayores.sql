-- report_clientes_mayores.sql · critical report: what each client has paid · grain: client · params: :schema, :table
SELECT
    id_cliente,
    COUNT(*) AS pagos,
    SUM(monto) AS total,
    MAX(fecha_pago) AS ultimo
FROM :schema.:table
WHERE NOT borrado
    AND status_pago = 'PAGADO'
GROUP BY id_cliente;
