"""The library of the lender's data platform. Only `podemos.orchestration` knows Airflow."""
