"""Runs the checks of every rendered project, cheaply: see "The matrix" in ``docs/decisions.md``.

* ``jobs``: what is run: a command in a project.
* ``forks``: runs it in a fork of a process that has imported everything already; ``processes``: in a new process.
* ``warm_dbt``: what dbt makes at each start, made once.
* ``tracing``, ``opened_files``: what of the project it has read.
* ``trees``: a rendered project's files, and what a reader can see of them.
* ``outcomes``: re-uses the outcome of a job where another project looks the same to it.
"""
