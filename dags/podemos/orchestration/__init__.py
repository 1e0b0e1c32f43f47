"""The only package that imports Airflow: it turns library functions into tasks and their errors into Airflow's."""
