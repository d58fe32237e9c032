"""``uv run doctor``: what stands in the way of this project, and what to do about it.

Each module here but ``command`` and ``finding`` is a check: it has a function ``findings``. One that is added is run.
"""
