"""The example project: where its files are, and how they get into the bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from droptrain_core.domain.datasets.dataset import code_prefix, data_prefix, recipe_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# In a wheel they lie beside this package, in a checkout at its root.
_PACKAGED, _CHECKED_OUT = (
    Path(__file__).parents[1] / "droptrain_examples",
    Path(__file__).parents[2] / "examples",
)
EXAMPLES = _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT
FOLDER = EXAMPLES / "penguins"
DROPPED = ("train.csv", "test.csv")


@dataclass(frozen=True)
class Example:
    """A project in a local folder (train.yaml, code/, data/), and the dataset that its data is dropped as."""

    folder: Path
    project: str
    dataset: str

    def publish(self, s3: "S3Client", bucket: str) -> Iterator[str]:
        """Upload recipe and code; yields each key that was put."""
        yield _put(s3, bucket, recipe_key(self.project), self.folder / "train.yaml")
        code = self.folder / "code"
        for path in sorted(code.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                key = code_prefix(self.project) + path.relative_to(code).as_posix()
                yield _put(s3, bucket, key, path)

    def drop(self, s3: "S3Client", bucket: str) -> Iterator[str]:
        """Drop the CSVs; yields each key that was put."""
        for name in DROPPED:
            key = data_prefix(self.project, self.dataset) + name
            yield _put(s3, bucket, key, self.folder / "data" / name)


PENGUINS = Example(FOLDER, "penguins", "first")


def _put(s3: "S3Client", bucket: str, key: str, path: Path) -> str:
    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    return key
