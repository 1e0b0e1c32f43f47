-- select_upkeep.sql · what a vacuum would find · grain: table that is not empty · params: none
-- Superusers and sys:monitor only. tbl_rows counts rows that are marked deleted; unsorted is NULL without a sort key;
-- vacuum_sort_benefit, not unsorted, says what a sort is worth.
SELECT
    table_id,
    "schema", -- noqa: RF06
    "table",
    diststyle,
    sortkey1,
    size,
    unsorted,
    stats_off,
    tbl_rows,
    estimated_visible_rows,
    vacuum_sort_benefit
FROM svv_table_info
ORDER BY table_id;
