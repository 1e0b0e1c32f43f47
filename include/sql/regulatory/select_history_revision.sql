-- select_history_revision.sql · grain: one row · params: none
-- The newest revision of the lake that the branches' history received.
SELECT COALESCE(MAX(revision), 0) AS revision
FROM ops.loads
WHERE tabla = 'pagos';
