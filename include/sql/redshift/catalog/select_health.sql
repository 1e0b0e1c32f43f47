-- select_health.sql · is the table healthy · grain: table that is not empty · params: none
-- Superusers and sys:monitor only. tbl_rows counts rows that are marked deleted; unsorted is NULL without a sort key.
SELECT
    table_id,
    "schema" || '.' || "table" AS tabla, -- noqa: RF06
    diststyle,
    sortkey1,
    size,
    unsorted,
    stats_off,
    tbl_rows,
    estimated_visible_rows,
    skew_rows,
    vacuum_sort_benefit
FROM svv_table_info
ORDER BY table_id;
