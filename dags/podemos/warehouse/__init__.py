"""The Redshift Data API as a port: SQL in files, values bound, literals typed."""
