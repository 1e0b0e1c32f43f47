"""The warehouse itself: how its tables are made, why a report got slow, and what to do about it."""
