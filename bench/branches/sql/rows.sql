INSERT INTO pagos_banco
SELECT
    seq,
    seq DIV 7,
    seq DIV 21,
    seq MOD 12,
    IF(seq MOD 997 = 0, NULL, (seq * 7919 MOD 25000000) / 100),
    NOW() - INTERVAL (({rows} - seq) * {days} * 86400 DIV {rows}) SECOND,
    ELT(1 + seq MOD 3, 'PAGADO', 'PENDIENTE', 'RECHAZADO'),
    IF(seq MOD 50 = 0, NULL, ELT(1 + seq MOD 4, 'EFECTIVO', 'TARJETA', 'SPEI', 'CHEQUE')),
    IF(seq MOD 20 = 0, NULL, CONCAT(ELT(1 + seq MOD 8, '', 'a\tb', 'línea\r\notra', 'NULL', '\\N', '"cita"', 'ñandú ☂ 漢', CHAR(8, 26, 31 USING utf8mb4)), ' folio ', seq)),
    NOW(6) - INTERVAL 72000000000 MICROSECOND + INTERVAL (seq * (70000000000 DIV {rows})) MICROSECOND
FROM seq_1_to_{rows}
