-- select_visibility.sql · what of the history this user sees · grain: one row · params: :since
SELECT
    COUNT(*) AS queries,
    COUNT(DISTINCT user_id) AS users,
    MIN(start_time) AS oldest
FROM sys_query_history
WHERE start_time >= CAST(:since AS TIMESTAMP);
