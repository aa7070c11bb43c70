"""What a release is made of: zip files, licences, a bill of materials of the console."""

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest
from support.template import ROOT

from droptrain_release import licences, sbom
from droptrain_release.archive import pack

EPOCH = 1_700_000_000
VENDORED = json.loads((ROOT / "console/vendor/VENDORED.json").read_text("utf-8"))


def tree(folder: Path, names: list[str], *, umask: int, at: int) -> list[Path]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {Path(name).name}\n")
        path.chmod((0o777 if name.endswith(".sh") else 0o666) & ~umask)
        os.utime(path, (at, at))
    return [folder / name for name in names]


def test_the_same_files_make_the_same_zip_whoever_checked_them_out_and_when(tmp_path: Path) -> None:
    names = ["b/run.sh", "a.py", "b/c.py"]
    first = tree(tmp_path / "one", names, umask=0o022, at=1_600_000_000)
    second = tree(tmp_path / "two/deeper", list(reversed(names)), umask=0o077, at=1_650_000_000)
    pack(tmp_path / "one", first, tmp_path / "one.zip", EPOCH)
    pack(tmp_path / "two/deeper", second, tmp_path / "two.zip", EPOCH)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("one.zip", "two.zip")}
    assert len(digests) == 1
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.py", "b/c.py", "b/run.sh"]
        assert archive.read("a.py") == b"this is a.py\n"
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        assert modes == {"a.py": 0o644, "b/c.py": 0o644, "b/run.sh": 0o755}
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def package(licence: str, name: str = "some") -> licences.Package:
    return licences.Package(name, "1.0", licence, "The text.")


@pytest.mark.parametrize("licence", ["MIT", "Apache Software License; BSD License", "PSF-2.0"])
def test_permissive_licences_may_ship(licence: str) -> None:
    licences.refuse([package(licence)])


@pytest.mark.parametrize("licence", [
    "UNKNOWN", "", "GPL-3.0-only", "MIT; GNU Affero General Public License v3",
    "Mozilla Public License 2.0 (MPL 2.0)", "Other/Proprietary License",
])  # fmt: skip
def test_unknown_and_copyleft_licences_are_refused_by_name(licence: str) -> None:
    with pytest.raises(licences.LicenceRefusedError, match=r"some 1\.0"):
        licences.refuse([package("MIT", "other"), package(licence)])


def test_what_was_accepted_once_is_refused_under_another_licence() -> None:
    ((name, licence),) = licences.ACCEPTED
    licences.refuse([package(licence, name)])
    with pytest.raises(licences.LicenceRefusedError):
        licences.refuse([package(licence + "; Other", name)])


def test_the_page_of_licences_has_every_package_and_each_text_once() -> None:
    page = licences.page(
        {"The layer": [package("MIT", "one"), package("MIT", "two")], "The image": [package("MIT", "one")]}
    )
    assert page.count("The text.") == 1
    assert "one 1.0, two 1.0\n" in page
    assert page.count("one 1.0: MIT") == 2
    assert "nvidia-cudnn-cu12: NVIDIA Proprietary Software" in page


def test_what_is_not_installed_for_a_release_is_named_with_its_licence() -> None:
    lines = (ROOT / "image/requirements-gpu.in").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if line[0] != "#"}
    assert pinned == set(licences.NOT_INSTALLED)


def test_the_consoles_libraries_ship_with_their_licences_and_those_of_tests_do_not() -> None:
    shipped = licences.of_vendored(VENDORED, ROOT)
    assert {it.name for it in shipped} == {"preact", "htm", "uplot", "diff"}
    assert all(it.text for it in shipped)
    licences.refuse(shipped)


def test_the_consoles_bill_of_materials_has_each_library_with_its_checksum() -> None:
    bill = json.loads(sbom.of_console(VENDORED, "0.1.0", EPOCH))
    assert {it["purl"].rpartition("@")[0] for it in bill["components"]} == {
        "pkg:npm/preact", "pkg:npm/htm", "pkg:npm/uplot", "pkg:npm/diff",
    }  # fmt: skip
    assert all(len(it["hashes"][0]["content"]) == 128 for it in bill["components"])
    assert bill["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    assert len(bill["dependencies"][0]["dependsOn"]) == 4
