"""Every call of an AWS API that the deployed code and the command make, found in their syntax.

A client is what is annotated as one (`client: "S3Client"`), what is made by its service's name
(`stack.client("s3")`), and what is assigned from either. What a call sends is its keywords, those of `**` too
where the same module says what they are; what it reads are the members that are taken from its answer
directly.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from support.template import ROOT

FOLDERS = (
    "functions/*/", "layers/droptrain/python/droptrain_core/", "image/droptrain_container/",
    "src/droptrain/", "src/droptrain_cli/",
)  # fmt: skip
MAKERS = ("client", "create_client", "_client")
# boto3's own methods, and what they call (s3transfer: upload.py, download.py, copies.py, tasks.py).
_IN_PARTS = {"CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload"}
TRANSFERS = {
    "upload_file": {"PutObject", "UploadPart", *_IN_PARTS},
    "download_file": {"HeadObject", "GetObject"},
    "copy": {"HeadObject", "CopyObject", "UploadPartCopy", *_IN_PARTS},
}
Known = dict[str, tuple[str, ...]]
NO_CALLS = {"close", "can_paginate", "get_waiter"}


@dataclass
class Operation:
    """What the code does with one operation: where, which parameters, which members of the answer."""

    places: list[str] = field(default_factory=list)
    sends: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    by_transfer: bool = False


@dataclass
class Found:
    """All operations by "service.Operation", and the exceptions that are caught by their names."""

    operations: dict[str, Operation] = field(default_factory=lambda: defaultdict(Operation))
    exceptions: set[tuple[str, str]] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


@cache
def model(service: str) -> Any:
    """botocore's model of a service, by the name that clients are made with."""
    return botocore.session.get_session().get_service_model(service)


@cache
def methods(service: str) -> dict[str, str]:
    """Operations by the names of a client's methods."""
    return {xform_name(name): name for name in model(service).operation_names}


@cache
def find() -> Found:
    """All calls."""
    found = Found()
    modules = [_Module(path, found) for path in files()]
    for module in modules:
        module.search()
    services = {operation.partition(".")[0] for operation in found.operations}
    for module in modules:
        found.unknown += module.suspects(services)
    return found


def files() -> list[Path]:
    """The modules that are searched."""
    return sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}**/*.py"))


class _Module:
    """One module. A name stands for ("client", service), ("pages", service, operation) or ("answer", …)."""

    def __init__(self, path: Path, found: Found) -> None:
        self._seen: set[ast.Call] = set()
        self._name = str(path.relative_to(ROOT))
        self._tree = ast.parse(path.read_text("utf-8"))
        self._found = found
        self._services = {
            alias.name: (node.module or "").removeprefix("mypy_boto3_").replace("_", "-")
            for node in ast.walk(self._tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mypy_boto3_")
            for alias in node.names
        }
        self._functions = [node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)]
        self._class_of = {
            function: owner.name
            for owner in ast.walk(self._tree) if isinstance(owner, ast.ClassDef)
            for function in ast.walk(owner) if isinstance(function, ast.FunctionDef)
        }  # fmt: skip
        self._attributes: dict[str | None, Known] = defaultdict(dict)

    def search(self) -> None:
        """Note every call."""
        for _ in range(2):  # an attribute may be used above the method that sets it
            for function in self._functions:
                known = self._known_in(function)
                of_class = {name: what for name, what in known.items() if name.startswith("self.")}
                self._attributes[self._class_of.get(function)].update(of_class)
        for function in self._functions:
            self._visit(function, function, self._known_in(function))

    def suspects(self, services: Iterable[str]) -> list[str]:
        """Calls that look like an operation, by name and keywords, of what isn't known to be a client."""
        found = []
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            name, names = node.func.attr, {keyword.arg for keyword in node.keywords if keyword.arg}
            for service in sorted(services):
                operation = methods(service).get(name)
                shape = operation and model(service).operation_model(operation).input_shape
                if names and shape and names <= set(shape.members) and node not in self._seen:
                    found.append(f"{self._name}:{node.lineno} looks like {service}.{operation}")
        return found

    def _visit(self, node: ast.AST, function: ast.FunctionDef, known: Known) -> None:
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            known = dict(known)
            for each in node.generators:
                self._learn(each.target, each.iter, known)
        self._look(node, function, known)
        for child in ast.iter_child_nodes(node):
            self._visit(child, function, known)

    def _known_in(self, function: ast.FunctionDef) -> Known:
        known = dict(self._attributes[self._class_of.get(function)])
        for argument in (*function.args.args, *function.args.kwonlyargs):
            if argument.annotation and (service := self._annotated(argument.annotation)):
                known[argument.arg] = ("client", service)
        for target, value in _assignments(function):
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=True))
            for one, its in pairs:
                if what := self._meaning(its, known):
                    known[ast.unparse(one)] = what
        for node in ast.walk(function):
            if isinstance(node, ast.For):
                self._learn(node.target, node.iter, known)
        return known

    def _learn(self, target: ast.expr, iterated: ast.expr, known: Known) -> None:
        """Each of an operation's pages is an answer of it."""
        what = self._meaning(iterated, known)
        if what and what[0] == "pages":
            known[ast.unparse(target)] = ("answer", *what[1:])

    def _annotated(self, annotation: ast.expr) -> str | None:
        text = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
        return self._services.get(str(text).removesuffix(" | None"))

    def _meaning(self, node: ast.expr, known: Known) -> tuple[str, ...] | None:
        if isinstance(node, ast.Name | ast.Attribute):
            return known.get(ast.unparse(node))
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        if node.func.attr in MAKERS and isinstance(first, str):
            return ("client", first)
        on = self._meaning(node.func.value, known)
        if on is None:
            return None
        if on[0] == "client" and node.func.attr == "get_paginator" and isinstance(first, str):
            return ("paginator", on[1], methods(on[1])[first])
        if on[0] == "client" and node.func.attr in methods(on[1]):
            return ("answer", on[1], methods(on[1])[node.func.attr])
        if on[0] == "paginator" and node.func.attr == "paginate":
            return ("pages", *on[1:])
        return None

    def _look(self, node: ast.AST, function: ast.FunctionDef, known: Known) -> None:
        match node:
            case ast.Call(func=ast.Attribute(value=on, attr=name)):
                what = self._meaning(on, known)
                if what and what[0] == "client":
                    self._called(node, what[1], name, function)
                elif what and what[0] == "paginator" and name == "paginate":
                    _, service, operation = what
                    self._note(node, service, operation, function)
                elif what and what[0] == "answer" and name == "get":
                    self._read(node.args[0], *what[1:])
                if what:
                    self._seen.add(node)
            case ast.Subscript(value=on, slice=key):
                what = self._meaning(on, known)
                if what and what[0] == "answer":
                    self._read(key, *what[1:])
            case ast.Attribute(value=ast.Attribute(value=on, attr="exceptions"), attr=name):
                what = self._meaning(on, known)
                if what and what[0] == "client":
                    self._found.exceptions.add((what[1], name))

    def _called(self, call: ast.Call, service: str, name: str, function: ast.FunctionDef) -> None:
        if name in ("get_paginator", *NO_CALLS):
            return
        if name in TRANSFERS:
            for operation in TRANSFERS[name]:
                noted = self._found.operations[f"{service}.{operation}"]
                noted.places.append(f"{self._name}:{call.lineno}")
                noted.by_transfer = True
        elif name == "generate_presigned_url":
            self._signed(service, function)
        elif name in methods(service):
            self._note(call, service, methods(service)[name], function)
        else:
            self._found.unknown.append(f"{self._name}:{call.lineno} calls {service}.{name}")

    def _signed(self, service: str, signer: ast.FunctionDef) -> None:
        """The operations that this module lets `signer` sign, and what it says of each and of all."""
        always = {"Bucket"} if '"Bucket"' in ast.unparse(signer).replace("'", '"') else set()
        for function in self._functions:
            for node in ast.walk(function):
                match node:
                    case ast.Call(
                        func=ast.Attribute(attr=name), args=[ast.Constant(value=str(method)), params, *_]
                    ):
                        if name == signer.name:
                            noted = self._found.operations[f"{service}.{methods(service)[method]}"]
                            noted.places.append(f"{self._name}:{node.lineno}")
                            noted.sends |= always | self._keys(params, function)

    def _note(self, call: ast.Call, service: str, operation: str, function: ast.FunctionDef) -> None:
        noted = self._found.operations[f"{service}.{operation}"]
        noted.places.append(f"{self._name}:{call.lineno}")
        for keyword in call.keywords:
            noted.sends |= {keyword.arg} if keyword.arg else self._keys(keyword.value, function)
        noted.sends.discard("PaginationConfig")  # boto3's own

    def _read(self, key: ast.expr, service: str, operation: str) -> None:
        if isinstance(key, ast.Constant):
            self._found.operations[f"{service}.{operation}"].reads.add(str(key.value))

    def _keys(self, node: ast.expr, function: ast.FunctionDef) -> set[str]:
        """The keys of a mapping that is given by `**`."""
        match node:
            case ast.Dict():
                keys = {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
                inner = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
                return keys.union(*(self._keys(each, function) for each in inner))
            case ast.IfExp():
                return self._keys(node.body, function) | self._keys(node.orelse, function)
            case ast.BinOp():
                return self._keys(node.left, function) | self._keys(node.right, function)
            case ast.Name(id=name):
                return self._assigned(name, [function])
            case ast.Attribute():
                owner = self._class_of.get(function)
                return self._assigned(
                    ast.unparse(node),
                    [each for each in self._functions if self._class_of.get(each) == owner],
                )
            case ast.Call(func=ast.Attribute(attr=name)):
                returned = [
                    (each, other)
                    for other in self._functions if other.name == name
                    for each in ast.walk(other) if isinstance(each, ast.Return) and each.value
                ]  # fmt: skip
                assert returned, f"{self._name}:{node.lineno} sends what {ast.unparse(node)} is"
                return set().union(*(self._keys(each.value, other) for each, other in returned))
        raise AssertionError(
            f"{self._name}:{node.lineno} sends {ast.unparse(node)}; nobody knows what that is"
        )

    def _assigned(self, name: str, functions: list[ast.FunctionDef]) -> set[str]:
        keys: set[str] = set()
        seen = False
        for function in functions:
            for target, value in _assignments(function):
                if ast.unparse(target) == name:
                    seen = True
                    keys |= self._keys(value, function)
                match target:
                    case ast.Subscript(value=whole, slice=ast.Constant(value=key)):
                        if ast.unparse(whole) == name:
                            keys.add(key)
        assert seen, f"{self._name}: nobody knows what {name} is"
        return keys


def _assignments(function: ast.FunctionDef) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[target], value=value):
                yield target, value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield target, value
