-- select_scan_times.sql · how long is a table scanned · grain: table · params: :since · times in microseconds
-- Of a scan only the step's row has the table and is_rrscan; a segment's row would count the same time twice.
SELECT
    table_id,
    COUNT(*) AS scans,
    CAST(SUM(DATEDIFF(MICROSECOND, start_time, end_time)) AS BIGINT) AS scan_time,
    CAST(
        SUM(CASE WHEN TRIM(is_rrscan) = 't' THEN DATEDIFF(MICROSECOND, start_time, end_time) ELSE 0 END) AS BIGINT
    ) AS restricted_time
FROM sys_query_detail
WHERE start_time >= CAST(:since AS TIMESTAMP)
    AND step_name = 'scan'
    AND step_id >= 0
    AND table_id > 0
GROUP BY table_id
ORDER BY table_id;
