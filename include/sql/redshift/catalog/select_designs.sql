-- select_designs.sql · grain: one row per table that is not empty · params: none
-- Superusers and sys:monitor only. `unsorted` is NULL without a sort key, so it says nothing about one.
SELECT
    "schema", -- noqa: RF06
    "table",
    diststyle,
    sortkey1
FROM svv_table_info;
