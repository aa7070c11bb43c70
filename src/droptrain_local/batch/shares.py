"""Fair-share scheduling: scheduling policies, and the vCPU time that the shares of a queue use; pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# The most share identifiers that a queue may have in use (Batch API reference: CreateJobQueue).
ACTIVE_SHARES = 500
# What a shareDecaySeconds of 0 means (Batch API reference: FairsharePolicy).
_SHORTEST_WINDOW = 600


@dataclass(frozen=True)
class SchedulingPolicy:
    """A scheduling policy; `fairshare` is its fairsharePolicy as it was given."""

    name: str
    arn: str
    fairshare: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def window_seconds(self) -> int:
        """The time over which usage counts."""
        return self.fairshare.get("shareDecaySeconds") or _SHORTEST_WINDOW

    def weight(self, share: str) -> float:
        """The share's weight factor, 1 by default; an entry that ends with * is a prefix."""
        for entry in self.fairshare.get("shareDistribution", ()):
            name = entry["shareIdentifier"]
            if share.startswith(name[:-1]) if name.endswith("*") else share == name:
                return entry.get("weightFactor", 1.0)
        return 1.0


@dataclass(frozen=True)
class _Use:
    """The vCPUs that a share holds, and the vCPU seconds that it used until `at`, in epoch milliseconds."""

    vcpus: int
    seconds: float
    at: int

    def until(self, now: int, window_seconds: int) -> "_Use":
        """The same at a later time.

        AWS documents that recent use has more weight, but no formula: here use decays by half in each window.
        """
        left = math.exp2(-(now - self.at) / 1000 / window_seconds)
        added = self.vcpus * (1 - left) * window_seconds / math.log(2)
        return _Use(self.vcpus, self.seconds * left + added, now)


class ShareUsage:
    """The vCPUs that jobs of one queue hold and held, by share. Not thread-safe."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def change(self, share: str, vcpus: int, window_seconds: int, now: int) -> None:
        """The share holds so many vCPUs more, or fewer."""
        use = self._use(share, window_seconds, now)
        self._uses[share] = replace(use, vcpus=use.vcpus + vcpus)

    def of(self, share: str, window_seconds: int, now: int) -> tuple[float, int]:
        """The vCPU seconds that the share has used, and the vCPUs that it holds."""
        use = self._use(share, window_seconds, now)
        return use.seconds, use.vcpus

    def active(self, window_seconds: int, now: int) -> set[str]:
        """Shares that hold vCPUs or did so in the window; the others are forgotten."""
        self._uses = {
            share: use
            for share, use in self._uses.items()
            if use.vcpus or now - use.at < window_seconds * 1000
        }
        return set(self._uses)

    def _use(self, share: str, window_seconds: int, now: int) -> _Use:
        return self._uses.get(share, _Use(0, 0.0, now)).until(now, window_seconds)
