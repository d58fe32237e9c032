"""What this project reads of its database: tables, columns, queries. For ``doctor --database``.

Each module here but ``read`` has a function ``reads``. One that is added is asked.
"""
