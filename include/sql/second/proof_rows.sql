-- proof_rows.sql · grain: one row per movement of a sealed file, in the file's order
-- params: id_sistema, archivo (SHA-256), most · registro: its place in movimientos.csv, from 1, without the header
SELECT
    fila,
    id_movimiento,
    tipo,
    CAST(monto * 100 AS BIGINT) AS centavos,
    instante_utc,
    file_row_number + 1 AS registro
FROM movimientos
WHERE id_sistema = $id_sistema AND archivo_sha256 = $archivo
ORDER BY fila
LIMIT $most;
