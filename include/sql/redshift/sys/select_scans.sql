-- select_scans.sql · do the sort keys still prune · grain: query and table · params: :since
-- Rows are on the step's rows only, blocks and spill on the segment's only: a sum over both levels would count twice.
-- SYS does not tell ghost rows apart.
SELECT
    step.query_id AS query,
    step.table_id,
    TRIM(step.table_name) AS tabla,
    CAST(NULL AS BIGINT) AS rows_with_ghosts,
    CAST(SUM(step.input_rows) AS BIGINT) AS rows_read,
    CAST(SUM(step.output_rows) AS BIGINT) AS rows_kept,
    MAX(TRIM(step.is_rrscan)) AS is_rrscan,
    CAST(SUM(segment.blocks_read) AS BIGINT) AS blocks_read,
    CAST(SUM(segment.spilled_block_local_disk + segment.spilled_block_remote_disk) AS BIGINT) AS spilled
FROM sys_query_detail AS step
LEFT JOIN sys_query_detail AS segment
    ON step.query_id = segment.query_id
    AND step.child_query_sequence = segment.child_query_sequence
    AND step.stream_id = segment.stream_id
    AND step.segment_id = segment.segment_id
    AND segment.step_id = -1
WHERE step.start_time >= CAST(:since AS TIMESTAMP)
    AND step.step_name = 'scan'
    AND step.step_id >= 0
    AND step.table_id > 0
GROUP BY step.query_id, step.table_id, step.table_name
ORDER BY step.query_id, step.table_id;
