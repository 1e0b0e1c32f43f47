-- select_shape.sql · how a table lies on the slices · grain: the table · params: :schema_name, :table_name
SELECT
    skew_rows,
    unsorted,
    stats_off,
    size AS size_mb
FROM svv_table_info
WHERE schema = CAST(:schema_name AS VARCHAR(128))
    AND "table" = CAST(:table_name AS VARCHAR(128));
