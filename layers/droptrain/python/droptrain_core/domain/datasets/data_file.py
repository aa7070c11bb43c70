"""Which files are data, by their names: for keys of the bucket, for preflight, and for uploads."""

ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


def is_data_file(name: str) -> bool:
    """Whether a key or path names a data file, in any case of letters."""
    return name.lower().endswith(ENDINGS)


def is_named_gzip(name: str) -> bool:
    """Whether a file is compressed by gzip, according to its name."""
    return name.lower().endswith(".gz")
