-- select_analyses.sql · what ANALYZE took · grain: analysis · params: :since
-- table_name is cut at 30 characters: a table is known by its id.
SELECT
    table_id,
    TRIM(status) AS status,
    start_time,
    DATEDIFF(MICROSECOND, start_time, end_time) AS took
FROM sys_analyze_history
WHERE start_time >= CAST(:since AS TIMESTAMP)
ORDER BY start_time, table_id;
