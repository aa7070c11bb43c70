"""Calls that only a local command can answer: what is addressed, preflight, scaffold, uploads and drops."""

import json
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from droptrain.api import Api
from droptrain.stack import Stack
from droptrain_cli.compare_runs import plan_of
from droptrain_cli.console import preflight, projects
from droptrain_cli.console.answers import Answer, ProblemError, as_json
from droptrain_cli.console.artifacts import Artifacts
from droptrain_cli.console.drops import Drops
from droptrain_cli.console.request import Request
from droptrain_cli.console.run_settings import settings_of

_CREATED = 201


class LocalCalls:
    """Answers what is below /local/ for one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._drops = Drops(stack)
        self._checks = preflight.Checks()
        self._artifacts = Artifacts(stack)
        self._calls: Mapping[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "info"): self._info,
            ("GET", "plan"): self._plan,
            ("GET", "settings"): self._settings,
            ("GET", "preview"): self._preview,
            ("GET", "archive"): self._archive,
            ("POST", "preflight"): self._preflight,
            ("GET", "preflight"): lambda request: as_json(self._checks.share(*request.named("check"))),
            ("DELETE", "preflight"): lambda request: as_json(self._checks.give_up(*request.named("check"))),
            ("POST", "projects"): self._make_project,
            ("PUT", "uploads"): self._take,
            ("GET", "uploads"): self._progress,
            ("DELETE", "uploads"): self._give_up,
            ("POST", "drops"): self._commit,
        }

    def call(self, request: Request, path: str) -> Answer:
        """The answer to a request for an unquoted path below /local/; ProblemError and DroptrainError."""
        name, _, rest = path.partition("/")
        if request.method == "GET" and name == "projects" and rest:
            return as_json(projects.expected(self._stack, rest))
        answer = self._calls.get((request.method, path))
        if answer is None:
            raise ProblemError(404, "not-found", f"The console has no {request.method} /local/{path}.")
        return answer(request)

    def close(self) -> None:
        """End what waits, and delete what was taken."""
        self._drops.close()

    def _info(self, _: Request) -> Answer:
        stack = self._stack
        return as_json({
            "stack": "laptop cloud" if stack.is_laptop else stack.name,
            "kind": "laptop" if stack.is_laptop else "stack",
            "region": stack.region,
            "bucket": stack.bucket,
            "version": version("droptrain"),
            "command": command_prefix(stack),
        })  # fmt: skip

    def _plan(self, request: Request) -> Answer:
        (run_id,) = request.named("run")
        api = Api(self._stack)
        try:
            return as_json(plan_of(self._stack, api, run_id))
        finally:
            api.close()

    def _settings(self, request: Request) -> Answer:
        return as_json(settings_of(self._stack, *request.named("run")))

    def _archive(self, request: Request) -> Answer:
        (run_id,) = request.named("run")
        return self._artifacts.archive(run_id, request.query.get("folder", ""))

    def _preview(self, request: Request) -> Answer:
        run_id, path = request.named("run", "path")
        return as_json(self._artifacts.preview(run_id, path))

    def _preflight(self, request: Request) -> Answer:
        project, file = request.named("project", "file")
        with tempfile.TemporaryDirectory(prefix="droptrain-") as folder:
            path = Path(folder, "file")
            request.body.write_to(path)
            with self._checks.begun(request.query.get("check")) as check:
                return as_json({"findings": preflight.findings(self._stack, project, file, path, check)})

    def _make_project(self, request: Request) -> Answer:
        (project,) = _texts(request, "project")
        return as_json(projects.make(self._stack, project), _CREATED)

    def _take(self, request: Request) -> Answer:
        project, dataset, file = request.named("project", "dataset", "file")
        return as_json(self._drops.take(project, dataset, file, request.body))

    def _progress(self, request: Request) -> Answer:
        return as_json(self._drops.progress(*request.named("project", "dataset")))

    def _give_up(self, request: Request) -> Answer:
        return as_json(self._drops.give_up(*request.named("project", "dataset")))

    def _commit(self, request: Request) -> Answer:
        document = _document(request)
        project, dataset = _texts_of(document, "project", "dataset")
        files = document.get("files")
        if not isinstance(files, list) or not files or not all(isinstance(file, str) for file in files):
            raise ProblemError(400, "bad-body", 'The body\'s "files" has to be a list of names.')
        return as_json(self._drops.commit(project, dataset, files))


def command_prefix(stack: Stack) -> str:
    """What stands before a command's own words, so that in a shell it addresses this stack."""
    if stack.is_laptop:
        return "droptrain"
    settings = {"DROPTRAIN_STACK": stack.name, "AWS_REGION": stack.region}
    profile = stack.session.profile_name
    if profile != "default":
        settings["AWS_PROFILE"] = profile
    if os.name == "nt":  # PowerShell
        return "".join(f"$env:{name}='{value}'; " for name, value in settings.items()) + "droptrain"
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in settings.items()), "droptrain"])


def _document(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(request.body.read())
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "bad-body", "The body has to be JSON.") from error
    if not isinstance(document, dict):
        raise ProblemError(400, "bad-body", "The body has to be a JSON object.")
    return document


def _texts(request: Request, *names: str) -> list[str]:
    return _texts_of(_document(request), *names)


def _texts_of(document: Mapping[str, Any], *names: str) -> list[str]:
    if missing := [name for name in names if not isinstance(document.get(name), str)]:
        raise ProblemError(400, "bad-body", f"The body lacks {', '.join(missing)}.")
    return [document[name] for name in names]
