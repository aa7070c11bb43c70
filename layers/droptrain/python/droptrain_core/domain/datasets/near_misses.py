"""What a dataset lacks and what lies in its folder, in words: names, and hints of what to do."""

from collections.abc import Collection, Iterable

from droptrain_core.domain.datasets.dataset import FILES_NAMED, MARKER, composed, matches, nearly_matches


def name_files(files: Collection[str]) -> str:
    """The files of a folder, for a sentence; FILES_NAMED of them may not be all.

    A name with spaces, or with letters that can't be seen, is quoted.
    """
    named = ", ".join(name if name.isprintable() and " " not in name else repr(name) for name in files)
    return f"{named} and perhaps others" if len(files) == FILES_NAMED else named


def near_misses(missing: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    """A sentence with the fix for each missing file that nearly exists: with another case of letters, in a
    subfolder, or as a marker that has already started its run.
    """
    present = tuple(present)
    files = [(file, file.rpartition("/")[2]) for file in present]
    hints: list[str] = []
    for pattern in missing:
        if pattern == MARKER and MARKER in present:
            hints.append(
                f"The existing {MARKER} has already started a run, and later files arrived: upload it again."
            )
            continue
        name = pattern.rpartition("/")[2]
        if pattern == MARKER and (marker := next((file for file, last in files if last == MARKER), None)):
            hints.append(f"{marker!r} exists: copy it to the dataset's folder.")
            continue
        if pattern in present:
            takes = pattern.replace("[", "[[]")
            hints.append(f"{pattern!r} exists, but [ begins a set of characters: write {takes!r}.")
            continue
        if other := next((file for file in present if composed(file) == composed(pattern)), None):
            hints.append(
                f"A file exists whose name looks the same, {other!r}, written with other Unicode characters: "
                f"rename it to {pattern!r}, as the recipe writes it."
            )
            continue
        close = next((file for file in present if nearly_matches(file, pattern)), None)
        if close is None or matches(close, pattern):
            continue
        folder, _, last = close.rpartition("/")
        takes = f"{'*/' * folder.count('/') + '*/' if folder else ''}{name if folder else last}"
        takes = takes if matches(close, takes) else close
        hints.append(f"{close} exists: rename it to {pattern}, or set the recipe's input to {takes!r}.")
    return tuple(hints)
