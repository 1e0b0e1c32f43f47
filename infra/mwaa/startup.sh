# Sourced by MWAA in every container before pip and Airflow start: exports only, no network, well under its limit of 5 minutes.
# What an Airflow option can say stands in include/config/deployment.yaml instead.
export TZ=UTC
export GX_ANALYTICS_ENABLED=false
export SCARF_ANALYTICS=false
