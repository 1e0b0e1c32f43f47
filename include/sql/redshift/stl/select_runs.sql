-- select_runs.sql · what is slow · grain: one row per query that read · params: :since · times in microseconds
-- STL_QUERY has no elapsed time and no hash; planning and lock waits are nowhere: they are in what the others leave.
-- A run from the result cache has no row in STL_WLM_QUERY.
SELECT
    q.query,
    CAST(NULL AS VARCHAR(40)) AS query_hash,
    0 AS query_hash_version,
    q.starttime AS start_time,
    DATEDIFF(MICROSECOND, q.starttime, q.endtime) AS elapsed_time,
    w.total_queue_time AS queue_time,
    CAST(NULL AS BIGINT) AS planning_time,
    COALESCE(c.compile_time, 0) AS compile_time,
    CAST(NULL AS BIGINT) AS lock_time,
    w.total_exec_time AS execution_time,
    TRIM(q.querytxt) AS query_text
FROM stl_query AS q
INNER JOIN stl_wlm_query AS w ON q.query = w.query
LEFT JOIN (
    SELECT
        query,
        CAST(SUM(DATEDIFF(MICROSECOND, starttime, endtime)) AS BIGINT) AS compile_time
    FROM svl_compile
    WHERE compile = 1
    GROUP BY query
) AS c ON q.query = c.query
WHERE q.starttime >= CAST(:since AS TIMESTAMP)
    AND q.aborted = 0
    AND LEFT(UPPER(LTRIM(q.querytxt)), 4) IN ('SELE', 'WITH')
ORDER BY q.starttime, q.query;
