"""Who answers for which table, told where others look: the Glue Data Catalog and CODEOWNERS."""
