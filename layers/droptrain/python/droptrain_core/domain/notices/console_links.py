"""Links into AWS's console."""

from urllib.parse import quote

from droptrain_core.domain.frozen import frozen

_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_LOG_GROUP = "/aws/batch/job"


@frozen
class Console:
    """The AWS console of one region and partition."""

    region: str
    partition: str = "aws"

    def job(self, job_id: str) -> str:
        """A Batch job."""
        return self._page("batch", f"#jobs/detail/{job_id}")

    def log(self, stream: str) -> str:
        """A job's log in CloudWatch Logs; its names are escaped twice there."""
        page = f"#logsV2:log-groups/log-group/{_twice(_LOG_GROUP)}/log-events/{_twice(stream)}"
        return self._page("cloudwatch", page)

    def folder(self, bucket: str, prefix: str) -> str:
        """A folder of a bucket."""
        root = f"https://{self.region}.{_DOMAINS[self.partition]}"
        return f"{root}/s3/buckets/{bucket}?region={self.region}&prefix={quote(prefix, safe='/')}"

    def _page(self, service: str, fragment: str) -> str:
        root = f"https://{self.region}.{_DOMAINS[self.partition]}"
        return f"{root}/{service}/home?region={self.region}{fragment}"


def _twice(name: str) -> str:
    return quote(quote(name, safe=""), safe="").replace("%", "$")
