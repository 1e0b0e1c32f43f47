-- select_writes.sql · at which hours is a table written to · grain: table and hour (UTC) · params: :since
-- SYS_QUERY_DETAIL is everywhere, on a provisioned cluster, too.
SELECT
    table_id,
    CAST(EXTRACT(HOUR FROM start_time) AS INTEGER) AS at_hour,
    COUNT(*) AS steps
FROM sys_query_detail
WHERE start_time >= CAST(:since AS TIMESTAMP)
    AND step_name IN ('insert', 'delete')
    AND step_id >= 0
    AND table_id > 0
GROUP BY table_id, CAST(EXTRACT(HOUR FROM start_time) AS INTEGER)
ORDER BY table_id, at_hour;
