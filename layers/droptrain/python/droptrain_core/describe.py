"""Describe: people name a run, write a note about it, and tag it."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.errors import existing
from droptrain_core.domain.runs import transitions
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.runs.words import cleaned


class Describe:
    """Writes what people say about runs."""

    def __init__(self, table: RunTable) -> None:
        self._table = table

    def run(self, run_id: str, words: Mapping[str, Any]) -> Run:
        """The run with these of its `name`, `note` and `tags`; None, or no tag, removes what is there.

        NotFoundError.
        """
        return existing(self._table.write(transitions.described(run_id, cleaned(words))).run, "run", run_id)
