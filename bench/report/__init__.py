"""What the suites of the report share: a night's content, the warehouse in this process, and the shipped stages."""
