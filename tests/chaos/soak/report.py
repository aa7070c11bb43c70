"""What a soak has seen, and whether everything that was dropped was trained and told exactly once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Report:
    """The figures of one soak. `broken` says in words which promise didn't hold; empty if all held."""

    seed: int
    datasets: int
    seconds: Mapping[str, float]
    blows: Mapping[str, int]
    puts: int
    versions_to_train: int
    runs: int
    batch_jobs: int
    superseded_jobs: int
    drops_lost: int
    drops_doubled: int
    runs_with_one_job: int
    runs_trained_by_one_job: int
    runs_killed_before_training: int
    runs_ended: Mapping[str, int]
    runs_announced: int
    trials: int
    scheduled_runs: int
    superseded_datasets: int
    requested_promotions: int
    sweeps_ended: Mapping[str, int]
    repeated_notices: int
    dead_letters_replayed: Mapping[str, int]
    dead_letters: Mapping[str, int]
    processes_left: int
    broken: tuple[str, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def to_text(self) -> str:
        """A line a figure, for people."""
        return "\n".join(f"{name:<29}{value}" for name, value in self._lines())

    def _lines(self) -> Iterator[tuple[str, object]]:
        yield "seed", self.seed
        yield "time", _listed({name: f"{value:.0f} s" for name, value in self.seconds.items()})
        yield "went wrong", _listed(self.blows)
        yield "datasets, puts", f"{self.datasets}, {self.puts}"
        yield "ready sets of versions", self.versions_to_train
        yield "runs", self.runs
        yield "  with one Batch job", self.runs_with_one_job
        yield "  trained by one Batch job", self.runs_trained_by_one_job
        yield "  killed before training", self.runs_killed_before_training
        yield "  ended", f"{sum(self.runs_ended.values())} ({_listed(self.runs_ended)})"
        yield "  announced", self.runs_announced
        yield "  trials", self.trials
        yield "  by schedules", self.scheduled_runs
        yield "datasets with a later answer", self.superseded_datasets
        yield "promotions on request", self.requested_promotions
        yield "sweeps ended", _listed(self.sweeps_ended) or "none"
        yield "drops lost", self.drops_lost
        yield "drops doubled", self.drops_doubled
        yield "runs unannounced", self.runs - self.runs_announced
        yield "notices repeated", self.repeated_notices
        yield "Batch jobs (superseded)", f"{self.batch_jobs} ({self.superseded_jobs})"
        yield "dead letters replayed", _listed(self.dead_letters_replayed) or "none"
        yield "dead letters left", _listed(self.dead_letters) or "none"
        yield "processes left", self.processes_left
        yield "broken promises", "none" if not self.broken else len(self.broken)
        for promise in self.broken:
            yield "", promise


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
