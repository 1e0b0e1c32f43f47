-- select_scan_times.sql · how long is a table scanned · grain: table · params: :since · times in microseconds
-- One row per slice: a scan lasts from the first slice's start to the last one's end. Type 2 is a permanent table.
SELECT
    s.tbl AS table_id,
    COUNT(*) AS scans,
    CAST(SUM(s.took) AS BIGINT) AS scan_time,
    CAST(SUM(CASE WHEN s.is_rrscan = 't' THEN s.took ELSE 0 END) AS BIGINT) AS restricted_time
FROM (
    SELECT
        query,
        segment,
        step,
        tbl,
        MAX(TRIM(is_rrscan)) AS is_rrscan,
        DATEDIFF(MICROSECOND, MIN(starttime), MAX(endtime)) AS took
    FROM stl_scan
    WHERE starttime >= CAST(:since AS TIMESTAMP)
        AND type = 2
    GROUP BY query, segment, step, tbl
) AS s
GROUP BY s.tbl
ORDER BY s.tbl;
