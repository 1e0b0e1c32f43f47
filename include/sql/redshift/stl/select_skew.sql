-- select_skew.sql · is it skewed · grain: table · params: :since · percent, 0 is even
-- How much more than the mean slice the fullest one read, of all it read.
SELECT
    s.tbl AS table_id,
    s.tabla,
    CAST(MAX(100 - (100 * s.mean_rows) / s.most_rows) AS INTEGER) AS skew
FROM (
    SELECT
        query,
        tbl,
        TRIM(perm_table_name) AS tabla,
        CAST(SUM(rows_pre_user_filter) AS BIGINT) / COUNT(*) AS mean_rows,
        MAX(rows_pre_user_filter) AS most_rows
    FROM stl_scan
    WHERE starttime >= CAST(:since AS TIMESTAMP)
        AND type = 2
    GROUP BY query, tbl, perm_table_name
) AS s
WHERE s.most_rows > 0
GROUP BY s.tbl, s.tabla
ORDER BY s.tbl;
