"""The 06:00 report: seal, normalise, load, reconcile, gate, decide, build, publish. Knows nothing of Airflow."""
