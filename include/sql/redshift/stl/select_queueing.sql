-- select_queueing.sql · is it queueing · grain: hour and queue · params: :since · times in microseconds
-- Service classes 1 to 4 are the system's own.
SELECT
    DATE_TRUNC('hour', service_class_start_time) AS hour_start,
    service_class AS queue,
    COUNT(*) AS queries,
    CAST(SUM(total_queue_time) AS BIGINT) AS queue_time,
    CAST(SUM(total_exec_time) AS BIGINT) AS execution_time
FROM stl_wlm_query
WHERE service_class_start_time >= CAST(:since AS TIMESTAMP)
    AND service_class > 4
GROUP BY DATE_TRUNC('hour', service_class_start_time), service_class
ORDER BY hour_start, queue;
