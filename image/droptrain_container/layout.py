"""Where things lie on this machine: SageMaker's folders, below `/opt/ml` in the image."""

from dataclasses import dataclass
from pathlib import Path

from droptrain_container.folder import Folder


@dataclass(frozen=True)
class Layout:
    """The folders and files below `root`; `scratch` are other folders that a script may write to."""

    root: Path
    scratch: tuple[Path, ...] = ()

    @property
    def trusted(self) -> tuple[Path, ...]:
        """The folders that a link which the script left may lead to."""
        return self.root, *self.scratch

    @property
    def code(self) -> Path:
        """The project's code; the script runs in it."""
        return self.root / "code"

    @property
    def checkpoints(self) -> Path:
        """CHECKPOINT_DIR: saved while the script runs, restored before the next attempt."""
        return self.root / "checkpoints"

    @property
    def job_dir(self) -> Path:
        """`--job-dir`: among the checkpoints, since code for Cloud ML Engine keeps both in one folder."""
        return self.checkpoints / "job"

    @property
    def metrics_file(self) -> Path:
        return self.root / "metrics.jsonl"

    @property
    def input(self) -> Path:
        return self.root / "input"

    @property
    def config(self) -> Path:
        """SageMaker's files about the job."""
        return self.input / "config"

    @property
    def model(self) -> Path:
        """What is here when the script ends well becomes the run's export."""
        return self.root / "model"

    @property
    def output(self) -> Path:
        """What is here when the script ends is uploaded, whether it ended well or not."""
        return self.root / "output"

    @property
    def output_data(self) -> Path:
        return self.output / "data"

    @property
    def tensorboard(self) -> Path:
        return self.output / "tensorboard"

    @property
    def failure_files(self) -> tuple[Path, Path]:
        """Where a script may say why it failed: SageMaker's place, and beside it."""
        return self.output / "failure", self.root / "failure"

    @property
    def packages(self) -> Path:
        """The virtual environment for what requirements.txt names."""
        return self.root / "packages"

    @property
    def reclaim_file(self) -> Path:
        """DROPTRAIN_RECLAIM: exists once Spot has announced that it takes the instance."""
        return self.root / "reclaim"

    def folder(self, path: Path) -> Folder:
        """A folder that the script wrote to, as it is to be read."""
        return Folder(path, self.trusted)

    def channel(self, name: str) -> Path:
        """The folder of an input channel's files."""
        return self.input / "data" / name

    def make(self) -> None:
        """Make the folders that scripts expect to be there."""
        for folder in (self.checkpoints, self.config, self.model, self.output_data, self.tensorboard):
            folder.mkdir(parents=True, exist_ok=True)
