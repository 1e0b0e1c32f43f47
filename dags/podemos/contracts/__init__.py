"""Configuration, schema-checked: table contracts, branches, sources, policy and platform names."""
