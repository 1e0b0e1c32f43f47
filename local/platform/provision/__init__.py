"""Creates what `include/config/` names on the AWS stand-in and in Airflow: the local counterpart of `infra/`."""
