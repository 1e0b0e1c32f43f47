-- select_scans.sql · do the sort keys still prune · grain: query and table · params: :since
-- One row per slice; type 2 is a permanent table. What ran on a concurrency scaling cluster is not here.
SELECT
    query,
    tbl AS table_id,
    TRIM(perm_table_name) AS tabla,
    CAST(SUM(rows_pre_filter) AS BIGINT) AS rows_with_ghosts,
    CAST(SUM(rows_pre_user_filter) AS BIGINT) AS rows_read,
    CAST(SUM(rows) AS BIGINT) AS rows_kept,
    MAX(TRIM(is_rrscan)) AS is_rrscan,
    CAST(NULL AS BIGINT) AS blocks_read,
    CAST(NULL AS BIGINT) AS spilled
FROM stl_scan
WHERE starttime >= CAST(:since AS TIMESTAMP)
    AND type = 2
GROUP BY query, tbl, perm_table_name
ORDER BY query, tbl;
