-- night.sql  · DuckDB · what the night lands, but for the new day's rows · params: $seed, $days, $first
-- Ages are of three days on average, and one row in two thousand is of any day of the history.
CREATE MACRO edad(sal, a, b) AS CAST(floor(CASE WHEN azar(sal || 'cola', a, b) < 0.0005 THEN azar(sal, a, b) * getvariable('days')
    ELSE least(-3 * ln(1 - azar(sal, a, b)), getvariable('days') - 1) END) AS INTEGER);
CREATE MACRO noche(a, b) AS marca(getvariable('first') + INTERVAL 1 DAY * getvariable('days') + INTERVAL 20 HOUR
    + to_microseconds(CAST(numero('edicion', a, b) % 3600000000 AS BIGINT)));
CREATE TABLE clientes_noche AS
SELECT id_sucursal, id_cliente, nombre, curp, '55' || (10000000 + numero('otro', id_sucursal, id_cliente) % 89999999) AS telefono,
    fecha_alta, noche(id_sucursal, id_cliente) AS updated_at
FROM clientes WHERE azar('cliente', id_sucursal, id_cliente) < 0.04
UNION ALL
SELECT s.id, i, 'Nuevo Cliente ' || i, NULL, NULL, strftime(getvariable('first') + INTERVAL 1 DAY * getvariable('days'), '%Y-%m-%d'),
    noche(s.id, i)
FROM sucursal AS s, unnest(range(s.clientes + 1, s.clientes + s.clientes_nuevos + 1)) AS t (i);
CREATE TABLE prestamos_noche AS
SELECT id_sucursal, id_prestamo, id_cliente, monto_credito, plazo_semanas, tasa_anual, fecha_desembolso,
    'LIQUIDADO' AS estado, noche(id_sucursal, id_prestamo) AS updated_at
FROM prestamos WHERE azar('credito', id_sucursal, id_prestamo) < 0.04
UNION ALL
SELECT s.id, i, 1 + i % s.clientes, pesos(200000 + numero('credito', s.id, i) % 4000000), 24, 61.5000::DECIMAL(9, 4),
    strftime(getvariable('first') + INTERVAL 1 DAY * getvariable('days'), '%Y-%m-%d'), 'VIGENTE', noche(s.id, i)
FROM sucursal AS s, unnest(range(s.prestamos + 1, s.prestamos + s.prestamos_nuevos + 1)) AS t (i);
CREATE TABLE editados AS
WITH elegidos AS (
    SELECT DISTINCT s.id AS id_sucursal,
        s.pagos - CAST(floor((edad('edad', s.id, k) + azar('lugar', s.id, k)) * s.pagos / getvariable('days')) AS BIGINT) AS id_pago
    FROM sucursal AS s, unnest(range(1, s.editados + 1)) AS t (k)
)
SELECT p.id_sucursal, p.id_pago, p.id_prestamo, p.id_cliente,
    CASE WHEN azar('que', p.id_sucursal, p.id_pago) < 0.5 THEN p.monto + 0.01 ELSE p.monto END AS monto,
    CASE WHEN azar('que', p.id_sucursal, p.id_pago) > 0.96
        THEN hora(CAST(p.fecha_pago AS TIMESTAMP) - INTERVAL 1 DAY) ELSE p.fecha_pago END AS fecha_pago,
    CASE WHEN azar('que', p.id_sucursal, p.id_pago) < 0.5 THEN p.status_pago ELSE 'RECHAZADO' END AS status_pago,
    p.otros_datos, noche(p.id_sucursal, p.id_pago) AS updated_at
FROM pagos AS p SEMI JOIN elegidos AS e ON p.id_sucursal = e.id_sucursal AND p.id_pago = e.id_pago
ANTI JOIN idos AS i ON p.id_sucursal = i.id_sucursal AND p.id_pago = i.id_pago;
CREATE TABLE tardios AS
SELECT unnest(pago(s.id, i, s.prestamos, s.clientes,
    atendido(getvariable('days') - 1 - edad('tarde', s.id, i), s.id, i)))
FROM sucursal AS s, unnest(range(s.pagos + 1, s.pagos + s.tardios + 1)) AS t (i);
CREATE TABLE repetidos AS
SELECT p.* FROM pagos AS p INNER JOIN sucursal AS s ON p.id_sucursal = s.id AND p.id_pago > s.pagos - s.repetidos
ANTI JOIN editados AS e ON p.id_sucursal = e.id_sucursal AND p.id_pago = e.id_pago
ANTI JOIN idos AS i ON p.id_sucursal = i.id_sucursal AND p.id_pago = i.id_pago;
