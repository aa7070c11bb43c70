"""What people do during a soak, through the API: promote runs, roll back, and cancel sweeps."""

from collections import Counter
from random import Random
from typing import Any

from chaos.soak import observations, sweeps
from support.laptop_user import User

from droptrain_local.cloud import LaptopCloud


class People:
    """Requests to the API. Functions die meanwhile, so a request may be answered with 5xx."""

    def __init__(self, cloud: LaptopCloud, chance: Random, counted: Counter[str]) -> None:
        self._cloud = cloud
        self._chance = chance
        self._counted = counted
        self._user = User(cloud, "", [])

    def promote(self) -> bool:
        """Promote any run that has succeeded."""
        good = [run.run_id for run in observations.runs(self._cloud) if run.status == "SUCCEEDED"]
        if good:
            self._request("promotions", f"/runs/{self._chance.choice(good)}/promote")
        return bool(good)

    def roll_back(self) -> bool:
        """Roll any project back that has trained."""
        projects = sorted({run.project for run in observations.runs(self._cloud) if run.ended})
        if projects:
            self._request("rollbacks", f"/projects/{self._chance.choice(projects)}/rollback", {})
        return bool(projects)

    def cancel_sweep(self) -> bool:
        """Cancel a sweep that runs, of a project whose sweeps may be cancelled."""
        running = sweeps.cancellable(self._cloud)
        if running:
            self._request("cancellations", f"/sweeps/{self._chance.choice(running)}/cancel")
        return bool(running)

    def _request(self, name: str, path: str, body: Any = None) -> None:
        status, _, _ = self._user.ask("POST", path, body)
        self._counted[f"{name} answered {status}"] += 1
