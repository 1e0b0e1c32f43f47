"""The part of AWS Glue's library that a plain Spark job needs: `awsglue.utils.getResolvedOptions`."""
