"""The whole deployment as CloudFormation templates. Names and settings come from `include/config/`."""
