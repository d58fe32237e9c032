"""The tools of development: the commands and the sample data. What runs in production has and imports none of it."""
