"""A local AWS: moto's server, with a Glue that runs its jobs and a Redshift Data API that executes its statements.

A product of its own: it imports nothing of the platform it serves. `python -m local.aws` runs it; README.md says what
it emulates and what it does not.
"""
