"""Imported by Python when it starts, in the processes that rendered projects start."""

import os

import matrix_offline
import matrix_tracing

matrix_offline.install()
if matrix_tracing.TRACE in os.environ:
    matrix_tracing.install()
    matrix_tracing.start(os.environ[matrix_tracing.PROJECT], os.environ[matrix_tracing.TRACE])
