"""A stranger's trial: sample databases, ingested from the command line by contracts that `inspect` proposes."""
