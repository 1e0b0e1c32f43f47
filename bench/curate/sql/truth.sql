-- truth.sql  · DuckDB · the new day's rows, the ranges' pages, and what must be curated in the end · needs: nuevo (id, pagos)
CREATE TABLE nuevos AS
SELECT * REPLACE (CASE WHEN numero('huerfano', id_sucursal, id_pago) % 300 = 0 THEN 900000000 + id_pago ELSE id_prestamo END AS id_prestamo) FROM (
    SELECT unnest(pago(s.id, i, s.prestamos + s.prestamos_nuevos, s.clientes, atendido(getvariable('days'), s.id, i)))
    FROM sucursal AS s INNER JOIN nuevo AS n USING (id),
        unnest(range(s.pagos + s.tardios + 1, s.pagos + s.tardios + n.pagos + 1)) AS t (i)
);
CREATE TABLE pagos_noche AS
SELECT * FROM repetidos UNION ALL SELECT * FROM editados UNION ALL SELECT * FROM tardios UNION ALL SELECT * FROM nuevos;
CREATE TABLE pagos_final AS
SELECT * FROM pagos AS p
ANTI JOIN editados AS e ON p.id_sucursal = e.id_sucursal AND p.id_pago = e.id_pago
ANTI JOIN idos AS i ON p.id_sucursal = i.id_sucursal AND p.id_pago = i.id_pago
UNION ALL SELECT * FROM editados UNION ALL SELECT * FROM tardios
UNION ALL SELECT * FROM nuevos WHERE id_prestamo < 900000000;
CREATE TABLE huerfanos AS SELECT * FROM nuevos WHERE id_prestamo >= 900000000;
CREATE TABLE clientes_final AS
SELECT * FROM clientes AS c ANTI JOIN clientes_noche AS n ON c.id_sucursal = n.id_sucursal AND c.id_cliente = n.id_cliente
UNION ALL SELECT * FROM clientes_noche;
CREATE TABLE prestamos_final AS
SELECT * FROM prestamos AS c ANTI JOIN prestamos_noche AS n ON c.id_sucursal = n.id_sucursal AND c.id_prestamo = n.id_prestamo
UNION ALL SELECT * FROM prestamos_noche;
