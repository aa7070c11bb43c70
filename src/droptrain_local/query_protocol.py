"""Requests in AWS's query protocol, a form in a POST: read by those who answer in moto's place."""

from typing import IO
from urllib.parse import parse_qsl

_LONGEST = 1 << 18


def form_of(body: IO[bytes]) -> dict[str, str]:
    """The fields of a request, `Action` among them; none if it is no such form. The body stays as it was."""
    start = body.read(_LONGEST)
    body.seek(0)
    if b"Action=" not in start:
        return {}
    return dict(parse_qsl(start.decode("ascii", "replace"), keep_blank_values=True))
