-- select_queueing.sql · is it queueing · grain: hour and queue · params: :since · times in microseconds
SELECT
    DATE_TRUNC('hour', start_time) AS hour_start,
    service_class_id AS queue,
    COUNT(*) AS queries,
    CAST(SUM(queue_time) AS BIGINT) AS queue_time,
    CAST(SUM(execution_time) AS BIGINT) AS execution_time
FROM sys_query_history
WHERE start_time >= CAST(:since AS TIMESTAMP)
GROUP BY DATE_TRUNC('hour', start_time), service_class_id
ORDER BY hour_start, queue;
