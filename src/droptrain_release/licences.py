"""Under which licences everything is that ships, and what is refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# As packages and pip-licenses name them: permissive, each of them, with nothing to do but to keep the text.
ALLOWED = frozenset(
    {
        "0BSD",
        "Apache License 2.0",
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT License",
        "MIT No Attribution License (MIT-0)",
        "PSF-2.0",
        "Python Software Foundation License",
    }
)
# Somebody has looked at these: the package, its licence to the letter, and why it may ship all the same.
ACCEPTED = {
    (
        "docutils",
        "BSD License; GNU General Public License (GPL); Public Domain; Python Software Foundation License",
    ): "in the image, because awscli needs it; only its tools/editors/emacs is under the GPL, which no wheel "
    "has",
}
# Not installed here, for they are gigabytes: what their packages say, and why it may be in an image.
_CUDA = (
    "NVIDIA Proprietary Software",
    "NVIDIA's CUDA licence (attachment A) allows it to be distributed with an application; only an image "
    "that its user builds has it",
)
NOT_INSTALLED = {
    "tensorflow": ("Apache 2.0", "permissive"),
    **{
        f"nvidia-{name}-cu12": _CUDA
        for name in (
            "cublas", "cuda-cupti", "cuda-nvcc", "cuda-nvrtc", "cuda-runtime", "cufft", "cusolver",
            "cusparse", "nvjitlink",
        )
    },
    "nvidia-cudnn-cu12": (
        "NVIDIA Proprietary Software",
        "NVIDIA's cuDNN supplement allows it to be distributed with an application; only an image that its "
        "user builds has it",
    ),
    "nvidia-nccl-cu12": ("BSD-3-Clause", "permissive"),
}  # fmt: skip


class LicenceRefusedError(Exception):
    """A package has a licence that isn't reviewed yet."""


@dataclass(frozen=True)
class Package:
    """What ships, and under what."""

    name: str
    version: str
    licence: str
    text: str
    notice: str = ""


def of_pip_licenses(answer: Iterable[Mapping[str, Any]]) -> list[Package]:
    """The packages in what `pip-licenses --format=json` with texts and notices says."""
    return [
        Package(it["Name"], it["Version"], it["License"], _known(it["LicenseText"]), _known(it["NoticeText"]))
        for it in answer
    ]


def of_vendored(record: Iterable[Mapping[str, Any]], root: Path) -> list[Package]:
    """The console's libraries in VENDORED.json; what tests alone use doesn't ship."""
    packages = []
    for it in record:
        files = [str(file["file"]) for file in it["files"]]
        if all(name.startswith("console/") for name in files):
            (text,) = [(root / name).read_text("utf-8") for name in files if name.endswith(".LICENSE.txt")]
            packages.append(Package(it["name"], it["version"], it["licence"], text.strip("\n")))
    return packages


def _known(text: str) -> str:
    return "" if text == "UNKNOWN" else text.strip("\n")


def refuse(packages: Iterable[Package]) -> None:
    """LicenceRefusedError if one of the packages is under anything that isn't allowed or accepted."""
    refused = []
    for package in packages:
        names = {name.strip() for name in package.licence.split(";")}
        if not names <= ALLOWED and (package.name, package.licence) not in ACCEPTED:
            refused.append(f"{package.name} {package.version}: {package.licence}")
    if refused:
        raise LicenceRefusedError(
            "Nobody has looked at these licences:\n  "
            + "\n  ".join(refused)
            + "\nUse another package, or say in "
            "src/droptrain_release/licences.py why it may ship."
        )


def page(sets: Mapping[str, Iterable[Package]]) -> str:
    """LICENSES: for each set that ships a table, then every text once."""
    lines = [
        "What ships with droptrain beside its own code (Apache-2.0, see LICENSE), and under which licences.",
        "",
    ]
    texts: dict[str, list[str]] = {}
    for title, packages in sets.items():
        lines += [title, "-" * len(title)]
        for package in sorted(packages, key=lambda it: it.name.lower()):
            lines.append(f"{package.name} {package.version}: {package.licence}")
            reason = ACCEPTED.get((package.name, package.licence))
            if reason:
                lines.append(f"    accepted: {reason}")
            for text in filter(None, (package.text, package.notice)):
                texts.setdefault(text, []).append(f"{package.name} {package.version}")
        lines.append("")
    title = "TensorFlow and NVIDIA's libraries in the image"
    lines += [title, "-" * len(title)]
    for name, (licence, reason) in NOT_INSTALLED.items():
        lines.append(f"{name}: {licence}\n    accepted: {reason}")
    lines.append("")
    for text, names in texts.items():
        of_whom = ", ".join(dict.fromkeys(names))
        lines += ["=" * 80, of_whom, "=" * 80, text, ""]
    return "\n".join(lines)
