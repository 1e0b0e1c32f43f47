-- select_runs.sql · what is slow · grain: one row per query that read · params: :since · times in microseconds
-- A run from the result cache is no baseline. CHARACTER columns come back padded.
SELECT
    query_id AS query,
    TRIM(generic_query_hash) AS query_hash,
    query_hash_version,
    start_time,
    elapsed_time,
    queue_time,
    planning_time,
    compile_time,
    lock_wait_time AS lock_time,
    execution_time,
    TRIM(query_text) AS query_text
FROM sys_query_history
WHERE start_time >= CAST(:since AS TIMESTAMP)
    AND TRIM(status) = 'success'
    AND TRIM(query_type) = 'SELECT'
    AND NOT result_cache_hit
ORDER BY start_time, query_id;
