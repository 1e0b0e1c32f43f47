-- prepare_zones.sql · zones.csv as two tables: offsets by local time, and the business zone's offsets by instant
-- params: path (zones.csv), business_zone
CREATE TABLE zonas AS
SELECT
    zone AS zona,
    local_from AS desde,
    local_to AS hasta,
    utc_offset_seconds AS desfase,
    kind AS clase
FROM
    READ_CSV(
        $path,
        header = TRUE,
        columns = {
            'zone': 'VARCHAR',
            'local_from': 'TIMESTAMP',
            'local_to': 'TIMESTAMP',
            'utc_offset_seconds': 'BIGINT',
            'kind': 'VARCHAR'
        }
    );
-- Under a gap clocks change when its first minute would start; under a fold when its first pass ends.
CREATE TABLE cambios AS
WITH tramos AS (
    SELECT
        *,
        LEAD(desfase) OVER (ORDER BY desde) AS siguiente
    FROM zonas
    WHERE zona = $business_zone
)

SELECT
    CASE WHEN clase = 'gap' THEN desde ELSE hasta END - TO_SECONDS(desfase) AS desde,
    siguiente AS desfase
FROM tramos
WHERE clase <> 'normal'
UNION ALL
SELECT
    TIMESTAMP '0001-01-01' AS desde,
    ARG_MIN(desfase, desde) AS desfase
FROM tramos;
