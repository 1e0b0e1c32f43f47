-- select_visibility.sql · what of the history this user sees · grain: one row · params: :since
SELECT
    COUNT(*) AS queries,
    COUNT(DISTINCT userid) AS users,
    MIN(starttime) AS oldest
FROM stl_query
WHERE starttime >= CAST(:since AS TIMESTAMP);
