-- select_skew.sql · is it skewed · grain: table · params: :since · percent, 0 is even
SELECT
    table_id,
    TRIM(table_name) AS tabla,
    MAX(time_skewness) AS skew
FROM sys_query_detail
WHERE start_time >= CAST(:since AS TIMESTAMP)
    AND step_name = 'scan'
    AND step_id >= 0
    AND table_id > 0
GROUP BY table_id, table_name
ORDER BY table_id;
