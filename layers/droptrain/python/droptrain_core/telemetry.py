"""What the functions tell of themselves: JSON logs with the run's id in every line, and metrics."""

import warnings

from aws_lambda_powertools import Logger, Metrics

# What stack it is, in lines and metrics, says POWERTOOLS_SERVICE_NAME.
logger = Logger()
metrics = Metrics(namespace="droptrain")
# Most requests of the API count nothing, and that is no news for the log.
warnings.filterwarnings("ignore", "No application metrics to publish", UserWarning)
