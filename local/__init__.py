"""The local platform: what stands in for AWS, the branches, the source systems and MWAA. Never shipped."""
