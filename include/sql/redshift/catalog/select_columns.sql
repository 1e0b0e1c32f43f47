-- select_columns.sql · grain: one row per column · params: none
SELECT
    table_schema,
    table_name,
    column_name,
    data_type,
    character_maximum_length,
    remarks
FROM svv_columns
WHERE table_schema <> 'information_schema'
    AND LEFT(table_schema, 3) <> 'pg_'
ORDER BY table_schema, table_name, ordinal_position;
