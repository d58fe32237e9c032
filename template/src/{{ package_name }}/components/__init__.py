"""The project's own components. Re-exported here, so that YAML finds them by the package's name."""

from .custom_etl_component import CustomETLComponent
from .scheduled_job_component import ScheduledJobComponent

__all__ = ["CustomETLComponent", "ScheduledJobComponent"]
