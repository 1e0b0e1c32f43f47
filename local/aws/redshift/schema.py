"""Tables of the catalog: they live in the same DuckDB file as the data, in `_redshift`, and roll back with it."""

TABLES = """
CREATE SCHEMA IF NOT EXISTS _redshift;
CREATE SCHEMA IF NOT EXISTS public;
CREATE SEQUENCE IF NOT EXISTS _redshift.ids START 100001;
CREATE TABLE IF NOT EXISTS _redshift.anchor (i INTEGER);
CREATE TABLE IF NOT EXISTS _redshift.schemas (name VARCHAR, remarks VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.relations (
    table_id BIGINT, schema_name VARCHAR, name VARCHAR, kind VARCHAR, diststyle VARCHAR, distkey VARCHAR,
    sortkey VARCHAR[], encode_auto BOOLEAN, primary_key VARCHAR[], remarks VARCHAR, created TIMESTAMP,
    view_sql VARCHAR, view_columns VARCHAR[], late_binding BOOLEAN);
CREATE TABLE IF NOT EXISTS _redshift.columns (
    table_id BIGINT, ordinal INTEGER, name VARCHAR, type_name VARCHAR, length INTEGER, precision INTEGER, scale INTEGER,
    not_null BOOLEAN, default_text VARCHAR, encoding VARCHAR, remarks VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.changes (
    table_id BIGINT, visible BIGINT, ghosts BIGINT, unsorted BIGINT, stale BIGINT);
CREATE TABLE IF NOT EXISTS _redshift.grants (
    object_kind VARCHAR, schema_name VARCHAR, table_id BIGINT, privilege VARCHAR, identity_kind VARCHAR,
    identity_name VARCHAR, admin_option BOOLEAN);
CREATE TABLE IF NOT EXISTS _redshift.column_grants (
    table_id BIGINT, column_name VARCHAR, privilege VARCHAR, identity_kind VARCHAR, identity_name VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.owners (table_id BIGINT, owner VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.no_backup (table_id BIGINT);
CREATE TABLE IF NOT EXISTS _redshift.row_security (table_id BIGINT, conjunction VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.policies (
    table_id BIGINT, kind VARCHAR, policy VARCHAR, identity_kind VARCHAR, identity_name VARCHAR, priority INTEGER,
    inputs VARCHAR, outputs VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.query_history (
    query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR, query_label VARCHAR,
    query_type VARCHAR,
    status VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, elapsed_time BIGINT, lock_wait_time BIGINT,
    error_message VARCHAR, returned_rows BIGINT, query_text VARCHAR, username VARCHAR);
CREATE TABLE IF NOT EXISTS _redshift.query_times (
    query_id BIGINT, queue_time BIGINT, planning_time BIGINT, compile_time BIGINT, cached BOOLEAN);
CREATE TABLE IF NOT EXISTS _redshift.scans (
    query_id BIGINT, table_id BIGINT, table_name VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, slice INTEGER,
    rows_pre_filter BIGINT, rows_pre_user_filter BIGINT, rows_out BIGINT, blocks BIGINT, is_rrscan VARCHAR,
    spilled BIGINT, time_skewness INTEGER);
CREATE TABLE IF NOT EXISTS _redshift.vacuum_history (
    transaction_id BIGINT, query_id BIGINT, database_name VARCHAR, schema_name VARCHAR, table_name VARCHAR,
    table_id BIGINT,
    vacuum_type VARCHAR, status VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, rows_before BIGINT, reclaimed BIGINT,
    sorted_before BIGINT, sorted_added BIGINT);
CREATE TABLE IF NOT EXISTS _redshift.analyze_history (
    transaction_id BIGINT, database_name VARCHAR, schema_name VARCHAR, table_name VARCHAR, table_id BIGINT,
    status VARCHAR,
    start_time TIMESTAMP, end_time TIMESTAMP, row_count DOUBLE, modified DOUBLE, threshold INTEGER,
    last_analyze TIMESTAMP);
CREATE TABLE IF NOT EXISTS _redshift.load_history (
    query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR, status VARCHAR,
    table_name VARCHAR,
    start_time TIMESTAMP, end_time TIMESTAMP, data_source VARCHAR, file_format VARCHAR, loaded_rows BIGINT,
    files INTEGER,
    bytes BIGINT);
CREATE TABLE IF NOT EXISTS _redshift.load_errors (
    query_id BIGINT, transaction_id BIGINT, session_id INTEGER, database_name VARCHAR, table_id BIGINT,
    start_time TIMESTAMP,
    file_name VARCHAR, line_number BIGINT, column_name VARCHAR, column_type VARCHAR, column_length VARCHAR,
    position INTEGER, error_code INTEGER, error_message VARCHAR);
INSERT INTO _redshift.schemas SELECT 'public', NULL WHERE NOT EXISTS (FROM _redshift.schemas WHERE name = 'public');
"""
