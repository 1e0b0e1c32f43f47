"""From a checkout to a running MWAA environment: bundle, release, roll back (`python -m tools.deploy`)."""
