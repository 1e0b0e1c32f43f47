-- unload_report.sql · writes the report's movements as parquet files in order · literals: :query, :target, :role
-- PARALLEL OFF keeps ORDER BY across files; ALLOWOVERWRITE makes a repeated send harmless.
UNLOAD (:query) TO :target IAM_ROLE :role FORMAT AS PARQUET PARALLEL OFF ALLOWOVERWRITE;
