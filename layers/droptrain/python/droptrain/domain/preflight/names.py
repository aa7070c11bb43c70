"""Which inputs are judged as CSV, by their names: any other input is the code's own affair."""

_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def is_csv(name: str) -> bool:
    """Whether a file says by its name that it is a CSV."""
    return name.lower().endswith(_ENDINGS)


def says_gzip(name: str) -> bool:
    """Whether a file says by its name that it is compressed."""
    return name.lower().endswith(".gz")
