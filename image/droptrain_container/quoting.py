"""The forms in which languages, shells and tools print one character of a text."""

import html
import json
import re
from collections.abc import Iterator
from functools import cache

# As C, bash ($'...'), Python and JSON write them; \\e and \\E are bash's and Perl's.
_NAMED = {
    "\a": ["\\a"], "\b": ["\\b"], "\t": ["\\t"], "\v": ["\\v"], "\f": ["\\f"], "\x1b": ["\\e", "\\E"],
}  # fmt: skip
_QUOTES = {
    # bash and ksh; dash and Python's shlex, one quote or several; YAML, SQL and PowerShell; XML.
    "'": ["'\\''", "'\"'\"'", "'\"'", "''", "&apos;"],
    # CSV.
    '"': ['""'],
    # In a URL's query.
    " ": ["+"],
}
_MEANINGS = {
    "\\": "\\",
    **{escape[1]: character for character, escapes in _NAMED.items() for escape in escapes},
}
_MEANINGS |= {"n": "\n", "r": "\r"}
_ESCAPES = re.compile(r"\\([abefnrtvE\\]|0?[0-7]{1,3})")


@cache
def forms(character: str) -> tuple[bytes, ...]:
    """Every form of `character`, the plain one too.

    Each also as it stands inside another quoted text: a JSON text in a JSON document or in Python's repr.
    """
    if _is_plain(character):
        return (character.encode(),)
    once = set(_once(character))
    twice = {again for form in once for again in (_as_in_json(form), _as_in_repr(form))}
    found = {form.encode(errors="replace") for form in once | twice}
    if "\x80" <= character <= "\xff":
        found.add(character.encode("latin-1"))
    found.add(b"".join(b"\\%c" % byte for byte in character.encode(errors="replace")))  # Perl's quotemeta
    if character == "\\":
        found.add(b"")  # a shell that reads the text takes it out
    if character != "\t" and not character.isprintable() and character <= "\x9f":
        found |= {b"", b"\\"}  # a control character is taken out where a text is shown
    return tuple(sorted(found))


def interpreted(text: str) -> str:
    """The text as dash's `echo` and bash's `echo -e` print it, which take its backslashes for escapes."""
    return _ESCAPES.sub(lambda found: _MEANINGS.get(found[1]) or chr(int(found[1], 8) & 0xFF), text)


def _is_plain(character: str) -> bool:
    """Whether nothing ever quotes it."""
    return character == "_" or (character.isascii() and character.isalnum())


def _once(character: str) -> Iterator[str]:
    yield character
    yield f"\\{character}"  # shells and every language's quotes
    yield from _NAMED.get(character, ())
    yield from _QUOTES.get(character, ())
    yield html.escape(character)
    yield f"&#{ord(character)};"
    content = character.encode(errors="replace")
    for hexadecimal in ("02x", "02X"):
        yield "".join(f"%{byte:{hexadecimal}}" for byte in content)
        yield "".join(f"\\x{byte:{hexadecimal}}" for byte in content)
        yield from _by_number(ord(character), hexadecimal[-1])
    for octal in ("03o", "o"):
        yield "".join(f"\\{byte:{octal}}" for byte in content)


def _by_number(number: int, base: str) -> Iterator[str]:
    """Escapes that name the character's number, in hexadecimal digits of one case."""
    if number <= 0xFF:
        yield f"\\x{number:02{base}}"
        yield f"%{number:02{base}}"
    for sign in ("\\u", "%u"):  # the latter is JavaScript's escape()
        yield "".join(f"{sign}{unit:04{base}}" for unit in _units_of_utf_16(number))
    yield f"\\U{number:08{base}}"
    yield f"\\u{{{number:{base}}}}"
    yield f"\\x{{{number:{base}}}}"
    yield f"&#x{number:{base}};"


def _units_of_utf_16(number: int) -> list[int]:
    content = chr(number).encode("utf-16-be", "replace")
    return [int.from_bytes(content[start : start + 2]) for start in range(0, len(content), 2)]


def _as_in_json(form: str) -> str:
    return json.dumps(form, ensure_ascii=False)[1:-1]


def _as_in_repr(form: str) -> str:
    return form.replace("\\", "\\\\").replace("'", "\\'")
