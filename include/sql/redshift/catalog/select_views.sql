-- select_views.sql · grain: one view · params: none
SELECT
    table_schema,
    table_name,
    remarks
FROM svv_tables
WHERE table_type = 'VIEW'
    AND table_schema <> 'information_schema'
    AND LEFT(table_schema, 3) <> 'pg_'
ORDER BY table_schema, table_name;
