-- select_vacuums.sql · what vacuums took and did · grain: vacuum · params: :since
-- `duration` has 32 bits of microseconds and overflows after 35 minutes: time is end - start. NULL while it runs.
-- The 32-bit counts of sorted rows are kept as they are; the reader knows where they end.
SELECT
    table_id,
    transaction_id,
    TRIM(vacuum_type) AS vacuum_type,
    is_automatic,
    TRIM(status) AS status,
    start_time,
    DATEDIFF(MICROSECOND, start_time, end_time) AS took,
    rows_before_vacuum,
    size_before_vacuum,
    reclaimed_rows,
    sortedrows_before_vacuum,
    sortedrows_after_vacuum
FROM sys_vacuum_history
WHERE start_time >= CAST(:since AS TIMESTAMP)
ORDER BY start_time, table_id, transaction_id;
