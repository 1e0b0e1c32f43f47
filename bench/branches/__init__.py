"""`make bench-branches`: the shipped pull beside its peers, on one MariaDB, in interleaved whole processes."""
