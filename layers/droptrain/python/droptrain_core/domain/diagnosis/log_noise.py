"""Lines that TensorFlow, XLA and NumPy print at every start; they never explain a failure."""

import re

_NOISE = re.compile(
    # Information and warnings of TensorFlow's own log.
    r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,\d]{0,10}:? [IW] |[IW]0000 |[IW] (?:tensorflow|external)/"
    r"|WARNING: All log messages before absl|To enable the following instructions"
    r"|\s{2,}np_resource = np\.dtype|\s{2,}_np_q\w{3,8} = np\.dtype|INFO:tensorflow:Using )"
    # Errors after which it continues.
    r"|Unable to register cu\w{2,6} factory|computation placer already registered"
    r"|failed call to cuInit: |HadoopFileSystem load error|FutureWarning: Passing \(type, 1\)"
    r"|TF-TRT Warning|could not open file to read NUMA node"
)


def is_noise(line: str) -> bool:
    """Whether the line says nothing about the end of a script."""
    return bool(_NOISE.search(line))
