"""What runs Lambda functions on this machine: the shipped handlers, from SQS and behind an HTTP route."""
