-- history.sql  · DuckDB · what all branches hold before the night, and what is gone of it · params: $seed, $days, $first
-- needs: sucursal (id and quotas), barrida (id_sucursal, dia: ranges that the night reads whole)
CREATE MACRO numero(sal, a, b) AS hash(getvariable('seed'), sal, a, b);
CREATE MACRO azar(sal, a, b) AS (hash(getvariable('seed'), sal, a, b) >> 11) / 9007199254740992.0;
CREATE MACRO pesos(centavos) AS CAST(CAST(centavos AS DECIMAL(18, 2)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2));
CREATE MACRO nota(sal, a, b) AS CASE numero(sal, a, b) % 8
    WHEN 0 THEN 'abono en caja, recibo sellado' WHEN 1 THEN 'pagó su hijo, señaló "mañana" el resto ñ🙂' END;
CREATE MACRO marca(t) AS strftime(t, '%Y-%m-%d %H:%M:%S.%f');
CREATE MACRO hora(t) AS strftime(t, '%Y-%m-%d %H:%M:%S');
CREATE TABLE clientes AS
SELECT s.id AS id_sucursal, i AS id_cliente, 'María Ñandú ' || i AS nombre, NULL::VARCHAR AS curp,
    CASE WHEN i % 3 = 0 THEN NULL ELSE '55' || (10000000 + numero('tel', s.id, i) % 89999999) END AS telefono,
    strftime(getvariable('first') - INTERVAL 1 DAY * (1 + CAST(i % 900 AS INTEGER)), '%Y-%m-%d') AS fecha_alta,
    marca(getvariable('first') - INTERVAL 1 HOUR + INTERVAL 1 SECOND * (i % 3600)) AS updated_at
FROM sucursal AS s, unnest(range(1, s.clientes + 1)) AS t (i);
CREATE TABLE prestamos AS
SELECT s.id AS id_sucursal, i AS id_prestamo, 1 + i % s.clientes AS id_cliente,
    pesos(200000 + numero('credito', s.id, i) % 4000000) AS monto_credito, 12 + 4 * (i % 10) AS plazo_semanas,
    CAST(CAST(450000 + i % 400000 AS DECIMAL(18, 4)) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(9, 4)) AS tasa_anual,
    strftime(getvariable('first') - INTERVAL 1 DAY * (1 + CAST(i % 300 AS INTEGER)), '%Y-%m-%d') AS fecha_desembolso,
    CASE WHEN i % 19 = 0 THEN 'VENCIDO' ELSE 'VIGENTE' END AS estado,
    marca(getvariable('first') - INTERVAL 1 HOUR + INTERVAL 1 SECOND * (i % 3600)) AS updated_at
FROM sucursal AS s, unnest(range(1, s.prestamos + 1)) AS t (i);
CREATE MACRO pago(sucursal, i, prestamos, clientes, pagado) AS {
    'id_sucursal': sucursal, 'id_pago': i,
    'id_prestamo': CAST(1 + numero('prestamo', sucursal, i) % prestamos AS BIGINT),
    'id_cliente': CAST(1 + (1 + numero('prestamo', sucursal, i) % prestamos) % clientes AS BIGINT),
    'monto': pesos(5000 + numero('monto', sucursal, i) % 250000), 'fecha_pago': hora(pagado),
    'status_pago': CASE WHEN azar('status', sucursal, i) < 0.93 THEN 'PAGADO' ELSE 'PENDIENTE' END,
    'otros_datos': nota('nota', sucursal, i),
    'updated_at': marca(pagado + INTERVAL 1 SECOND * CAST(numero('captura', sucursal, i) % 90 AS INTEGER)
        + INTERVAL 1 MICROSECOND * CAST(numero('micro', sucursal, i) % 1000000 AS INTEGER))
};
CREATE MACRO atendido(dia, sucursal, i) AS getvariable('first') + INTERVAL 1 DAY * dia + INTERVAL 8 HOUR
    + INTERVAL 1 SECOND * CAST(numero('hora', sucursal, i) % 43200 AS INTEGER);
CREATE TABLE pagos AS
SELECT unnest(pago(s.id, i, s.prestamos, s.clientes,
    atendido(CAST((i - 1) * getvariable('days') // s.pagos AS INTEGER), s.id, i)))
FROM sucursal AS s, unnest(range(1, s.pagos + 1)) AS t (i);
CREATE TABLE idos AS
SELECT p.* FROM pagos AS p SEMI JOIN barrida AS b ON p.id_sucursal = b.id_sucursal AND p.fecha_pago[1:10] = b.dia
WHERE numero('ido', p.id_sucursal, p.id_pago) % 5 = 0;
