"""A secret that is printed as shells, languages and tools quote it shows nowhere in the log."""

import ast
import base64
import csv
import html
import io
import json
import os
import pprint
import re
import shlex
import subprocess
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import pairwise
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape, quoteattr

import pytest
import yaml
from droptrain_container import exit_codes, outcome
from droptrain_container import settings as container_settings
from droptrain_container.findings import Findings
from droptrain_container.log import Log
from droptrain_container.mask import Mask
from droptrain_core.domain import diagnosis
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs import outcome as account
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.records import JOB_ID, job_detail

JOB = {"DROPTRAIN_RUN": "s3://data/runs/p/r/", "AWS_BATCH_JOB_ID": JOB_ID}

# Three of these letters in a row are in no word of bash's or Python's own.
TRACE = re.compile(rb"[JQXZ]{3}")
SPECIAL = [
    *map(chr, range(0x20, 0x30)),
    *":;<=>?@[\\]^_`{|}~",
    "é",
    "ß",
    "λ",
    "日",
    "😀",
    "\t",
    "\x01",
    "\x1b",
]
# As AWS, connection strings and people make them.
PASSWORDS = [
    "JQX/ZZZ+JQXZ=", "JQX'ZZZ'JQX", "JQX\"ZZZ'JQX\\ZZZ", "JQX$ZZZ`JQX!ZZZ", "JQX<ZZZ>JQX&ZZZ", "JQX ZZZ JQX",
    "postgres://JQX:ZZZ%JQX@ZZZ/JQX?ZZZ#JQX", "JQX''ZZZ", "JQX'''ZZZ\"\"JQX", "ZZZ\\\\JQX", "ééJQXéZZZ日JQX",
    "~JQX#ZZZ",
]  # fmt: skip

letters = st.text("JQXZ", min_size=3, max_size=5)
between = st.lists(st.sampled_from(SPECIAL), min_size=1, max_size=3).map("".join)
secrets = (
    st.tuples(
        letters, st.lists(st.tuples(between, letters).map("".join), min_size=2, max_size=5).map("".join)
    )
    .map("".join)
    .filter(lambda text: len(text.strip()) >= 8)
)

IN_BASH = r"""
printf '%q %q\n' "$s" "user:$s@host"; echo "${s@Q}" "${s@A}" "${s@E}" "$s"; export -p; declare -p s; set
array=("$s" "two"); declare -p array; alias a="$s"; alias
set -x; : "$s" "user:$s" "it's $s"; t=$s; [[ $s == x ]]; case $s in x) ;; esac; for i in "$s"; do :; done
trap 'echo "$s"' EXIT; trap -p
"""
IN_SH = 'export -p; set; set -x; : "$s" "user:$s"; t=$s; echo "$s"'


def by_shell(secret: str, shell: str, script: str, locale: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": locale, "s": secret}
    ran = subprocess.run(
        [shell, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    return ran.stdout


def in_csv(secret: str) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(["user", secret, f"a,{secret}"])
    return file.getvalue()


def in_headers(secret: str) -> str:
    """What http.client prints of a request at its debug level: the repr of all that is sent."""
    sent: list[bytes] = []
    connection = HTTPConnection("127.0.0.1")
    connection.sock = type("Socket", (), {"sendall": lambda _, data: sent.append(data)})()
    token = base64.b64encode(f"user:{secret}".encode()).decode()
    connection.request("GET", "/" + quote(secret), headers={"Authorization": f"Basic {token}"})
    return repr(b"".join(sent))


WRAPPER = textwrap.TextWrapper(9, drop_whitespace=False, expand_tabs=False, replace_whitespace=False)
BY_PYTHON: dict[str, Callable[[str], str]] = {
    "as it is": lambda s: f"token: {s}", "repr": repr, "ascii": ascii, "bytes": lambda s: repr(s.encode()),
    "dict": lambda s: str({"token": s, "url": f"https://user:{s}@host"}), "format": lambda s: f"{[s]!r:>60}",
    "error": lambda s: repr(ValueError(f"it's \"{s}\"")), "json": lambda s: json.dumps({"token": s}),
    "json as text": lambda s: json.dumps({"token": s}, ensure_ascii=False),
    "json in json": lambda s: json.dumps({"body": json.dumps({"token": s})}),
    "json in repr": lambda s: repr({"body": json.dumps({"token": s}), "quote": "'"}),
    "repr in json": lambda s: json.dumps([repr({"token": s, "n": None})]),
    "quote": quote, "quote all": lambda s: quote(s, safe=""), "quote_plus": quote_plus,
    "quote user": lambda s: f"https://user:{quote(s, safe=':')}@host",
    "urlencode": lambda s: urlencode({"token": s}),
    "lower case": lambda s: re.sub("%..", lambda found: found[0].lower(), quote(s)),
    "shlex": lambda s: shlex.join(["curl", "-u", f"user:{s}"]), "html": html.escape, "xml": escape,
    "attribute": quoteattr, "xml ascii": lambda s: s.encode("ascii", "xmlcharrefreplace").decode(),
    "backslash": lambda s: s.encode("ascii", "backslashreplace").decode(), "csv": in_csv,
    "yaml": lambda s: yaml.safe_dump({"token": s}, width=10_000),
    "pprint": lambda s: pprint.pformat({"t": s}, width=10_000),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 of a line": lambda s: base64.encodebytes(f"{s * 3}\n".encode()).decode(),
    "base64 for urls": lambda s: base64.urlsafe_b64encode(f"u:{s}".encode()).decode(),
    "http.client": in_headers, "wrapped": lambda s: "\n".join(WRAPPER.wrap(s)),
}  # fmt: skip


def masked(secret: str, written: bytes) -> bytes:
    mask = Mask()
    mask.hide([secret])
    return mask.feed(written) + mask.flush()


@pytest.mark.parametrize("quoter", BY_PYTHON.values(), ids=BY_PYTHON)
@given(secret=secrets)
@settings(max_examples=40)
def test_a_secret_is_masked_as_python_writes_it(quoter: Callable[[str], str], secret: str) -> None:
    written = quoter(secret).encode()
    out = masked(secret, written)
    assert not TRACE.search(out), out
    assert not _decoded(out), out


def _decoded(out: bytes) -> bool:
    """Whether base64 of the secret is in the output, wherever it begins."""
    digits = re.sub(rb"[^\w+/-]", b"", out).translate(bytes.maketrans(b"-_", b"+/"))
    return any(
        TRACE.search(base64.b64decode(digits[start : start + (len(digits) - start) // 4 * 4]))
        for start in range(4)
    )


@pytest.mark.parametrize("secret", PASSWORDS)
@pytest.mark.parametrize("quoter", BY_PYTHON.values(), ids=BY_PYTHON)
def test_passwords_are_masked_as_python_writes_them(quoter: Callable[[str], str], secret: str) -> None:
    assert not TRACE.search(masked(secret, quoter(secret).encode()))


@given(secret=secrets, locale=st.sampled_from(["C", "C.UTF-8"]))
@settings(max_examples=60)
@example(secret="JQXJQX'JQX\nZZZ'ZZZZZ JQX", locale="C")
def test_a_secret_is_masked_as_bash_writes_it(secret: str, locale: str) -> None:
    out = masked(secret, by_shell(secret, "bash", IN_BASH, locale))
    assert not TRACE.search(out), out


@given(secret=secrets)
@settings(max_examples=30)
def test_a_secret_is_masked_as_sh_writes_it(secret: str) -> None:
    out = masked(secret, by_shell(secret, "sh", IN_SH, "C.UTF-8"))
    assert not TRACE.search(out), out


@pytest.mark.parametrize("secret", PASSWORDS)
def test_passwords_are_masked_as_shells_write_them(secret: str) -> None:
    for shell, script in (("bash", IN_BASH), ("sh", IN_SH)):
        assert not TRACE.search(masked(secret, by_shell(secret, shell, script, "C")))


UNSEEN = [
    "\r",
    "\n",
    "\r\n",
    "\x1b[0m",
    "\x1b[1;31m",
    "\b",
    "\0",
    "\x1b]8;;\x07",
    "\x1b(B",
    "\x07\x7f",
    "\x85",
]


@given(
    # An escape character in the value itself would begin a terminal's sequence with what follows it.
    secret=secrets.filter(lambda text: "\x1b" not in text),
    unseen=st.lists(st.sampled_from(UNSEEN), min_size=1, max_size=4),
    places=st.lists(st.integers(1, 40), min_size=4, max_size=4, unique=True),
    cuts=st.lists(st.integers(0, 90), max_size=5),
    quoter=st.sampled_from([str, json.dumps, repr, quote]),
)  # fmt: skip
def test_a_secret_is_masked_over_lines_colours_and_writes(
    secret: str, unseen: list[str], places: list[int], cuts: list[int], quoter: Callable[[str], str]
) -> None:
    """As readers see it who take out what can't be seen, and however the script's writes are cut."""
    written = quoter(secret)
    for each, place in zip(unseen, sorted(places, reverse=True), strict=False):
        written = written[:place] + each + written[place:]
    whole = f"token {written} and more\n".encode()
    mask = Mask()
    mask.hide([secret])
    ends = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    out = b"".join([*(mask.feed(whole[start:stop]) for start, stop in pairwise(ends)), mask.flush()])
    assert not TRACE.search(re.sub(rb"\x1b\[[0-9;]*m|[^ -~]", b"", out)), out
    assert out.startswith(b"token ")


@pytest.mark.parametrize("error", [
    "RuntimeError: no access with {0}", "RuntimeError: {0!r}", "RuntimeError: \x1b[31m{1}\x1b[0m\0{2}",
    "botocore.exceptions.ClientError: {1}\r{2}", "ValueError: {0!r}{0!a}" + " x" * 300 + "{0}",
])  # fmt: skip
@pytest.mark.parametrize("secret", PASSWORDS)
def test_no_secret_is_in_the_cause_that_a_record_has(secret: str, error: str) -> None:
    """From what the script prints, by the container's log and outcome, to the record's cause and evidence."""
    words = error.format(secret, secret[:7], secret[7:])
    printed = (
        f'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    main()\n{words}\n'
    )
    mask, log = Mask(), Log(io.BytesIO())
    mask.hide([secret])
    log.clean = mask.text
    for byte in printed.encode():
        log.write(mask.feed(bytes([byte])))
    log.write(mask.flush())
    log.say(f"Checkpoints could not be saved: {secret!r}")
    now = datetime.now(UTC)
    document = outcome.write(
        container_settings.read(JOB), exit_codes.of_script(1), Findings(), metrics={},
        log_tail=log.last_lines(200), started_at=now, ended_at=now,
    )  # fmt: skip
    job = batch_job.read(job_detail("FAILED", attempts=1, container={"exitCode": 1}))
    assert job
    cause = diagnosis.explain(job, account.read(json.loads(document)))
    assert cause
    assert "***" in " ".join([cause.message, *cause.evidence])
    for shown in (log.content().decode(), document.decode(), cause.message, *cause.evidence):
        assert not TRACE.search(shown.encode()), shown


def test_forms_are_of_what_was_quoted() -> None:
    """The quoters above are inverse to what reads them, so the test looks at whole secrets."""
    for secret in PASSWORDS:
        assert ast.literal_eval(BY_PYTHON["repr"](secret)) == secret
        assert shlex.split(BY_PYTHON["shlex"](secret))[-1] == f"user:{secret}"
