"""The functions' logs and metrics: JSON lines with the run's id, and CloudWatch metrics."""

import warnings

from aws_lambda_powertools import Logger, Metrics

# POWERTOOLS_SERVICE_NAME is the stack's name, in log lines and metrics.
logger = Logger()
metrics = Metrics(namespace="droptrain")
# Most requests of the API count nothing, so a warning about that isn't useful.
warnings.filterwarnings("ignore", "No application metrics to publish", UserWarning)
