-- select_tables.sql  · grain: one row per table or view · params: none
SELECT
    table_schema,
    table_name
FROM svv_tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema');
