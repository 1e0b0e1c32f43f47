"""`make bench-maintenance`: our maintenance window beside the awslabs rules and "vacuum everything"."""
