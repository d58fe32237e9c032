"""The tools of development: the commands, the sample data. No part of what runs in production, which imports none of it."""
