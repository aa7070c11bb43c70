"""How the clients of AWS's services repeat calls and wait for answers."""

from botocore.config import Config

# A lost answer of SubmitJob must not be answered by a second SubmitJob.
NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=10)
RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=3, read_timeout=10)
# A launch waits for this client, but continues without its answer.
SOON = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=3)
# The global address, which boto3 takes without the second setting, redirects to a new bucket's region.
SIGNS = RETRIES.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
