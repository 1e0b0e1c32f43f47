CREATE TABLE wide (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, t TINYINT(1), s SMALLINT, m MEDIUMINT UNSIGNED, u BIGINT UNSIGNED,
  z INT(5) ZEROFILL, b1 BIT(1), b64 BIT(64), d DECIMAL(18,2) NOT NULL, huge DECIMAL(65,30), f FLOAT, g DOUBLE, e ENUM('uno','ñandú',''),
  st SET('a','b','c'), y YEAR, ti TIME(3), da DATE NOT NULL DEFAULT '0000-00-00', dt DATETIME(6), ts TIMESTAMP(3) NULL,
  j JSON, bin BINARY(16), vb VARBINARY(40), bl BLOB, tx TEXT, lt LONGTEXT, l1 CHAR(5) CHARACTER SET latin1, `desc` VARCHAR(20),
  `fecha` DATETIME NOT NULL, `id_sucursal` INT, `con-guion y ñ` INT, generada INT AS (s * 2) STORED,
  `tocado` DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), KEY (tocado), KEY (fecha)) ENGINE=InnoDB;
CREATE TABLE by_enum (kind ENUM('zeta','alfa','Alfa2','medio') NOT NULL, n INT NOT NULL, v VARCHAR(10), PRIMARY KEY (kind, n)) ENGINE=InnoDB;
CREATE TABLE by_uuid (id BINARY(16) NOT NULL PRIMARY KEY, paid DECIMAL(10,2), at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB;
CREATE TABLE by_text (code VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_spanish_ci NOT NULL, part YEAR NOT NULL, hour TIME NOT NULL,
  bits BIT(9) NOT NULL, v INT, PRIMARY KEY (code, part, hour, bits)) ENGINE=InnoDB;
CREATE TABLE log (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, at DATETIME NOT NULL, what VARCHAR(30), KEY (at)) ENGINE=InnoDB;
CREATE TABLE nullable_cursor (id INT NOT NULL PRIMARY KEY, v INT, changed DATETIME NULL ON UPDATE CURRENT_TIMESTAMP, KEY (changed)) ENGINE=InnoDB;
SET SESSION sql_mode = '';
INSERT INTO wide (id, t, s, m, u, z, b1, b64, d, huge, f, g, e, st, y, ti, da, dt, ts, j, bin, vb, bl, tx, lt, l1, `desc`, fecha, id_sucursal, `con-guion y ñ`)
 SELECT 18446744073709551615 - seq, CAST(seq AS SIGNED) % 256 - 128, -CAST(seq AS SIGNED), 16777215 - seq, 18446744073709551615 - seq, seq % 100000, seq % 2, seq * 4294967297 + 9223372036854775808,
  seq * 1.01, -0.000000000000000000000000000001 * CAST(seq AS SIGNED), seq / 3e0, seq / 7e0, 1 + seq % 3, seq % 8, 1901 + seq % 250, SEC_TO_TIME(CAST(seq AS SIGNED) * 60 - 90000.125),
  IF(seq % 3, '0000-00-00', '2020-02-29'), IF(seq % 4, '9999-12-31 23:59:59.999999', '0000-00-00 00:00:00'), FROM_UNIXTIME(1600000000 + seq * 40000),
  JSON_OBJECT('k', seq, 'ñ', 'ü'), UNHEX(MD5(seq)), UNHEX(REPEAT('00', seq % 5)), IF(seq % 9, UNHEX(MD5(seq)), UNHEX(REPEAT('F0', 40000))), CONCAT('á\n', seq),
  IF(seq % 100, 'corto', REPEAT('ñ', 40000)), 'ñá ', 'asc', '2026-10-01 08:00:00' + INTERVAL seq HOUR, seq, seq FROM seq_0_to_599;
INSERT INTO by_enum SELECT 1 + seq % 4, seq DIV 4, CONCAT('v', seq) FROM seq_0_to_999;
INSERT INTO by_uuid SELECT UNHEX(MD5(seq)), seq * 0.01, FROM_UNIXTIME(1700000000 + seq * 60) FROM seq_0_to_999;
INSERT INTO by_text SELECT CONCAT(CHAR(65 + seq % 26), 'ñÑ', seq % 40), 2000 + seq % 20, SEC_TO_TIME(seq % 500), seq % 512, seq FROM seq_0_to_1999;
INSERT INTO log (at, what) SELECT '2026-10-01' + INTERVAL seq MINUTE, CONCAT('evento ', seq) FROM seq_1_to_30000;
INSERT INTO nullable_cursor SELECT seq, seq, IF(seq % 10, '2026-10-01' + INTERVAL seq MINUTE, NULL) FROM seq_1_to_3000;
