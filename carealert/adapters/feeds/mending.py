"""Slips in XML that have one meaning only: said, mended, and parsed again as strictly as before.

Nothing is closed, completed or guessed: a document that is cut off or whose tags do not match
stays unreadable, because a part of a warning must never pass for the whole.
"""

import codecs
import re
from collections.abc import Iterator
from html.entities import html5

_DECLARATION = re.compile(r"\s*<\?xml\b([^>]*?)\?>", re.DOTALL)
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
#: What XML 1.0 (section 2.2) allows nowhere, written out or as a reference.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    "|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcBC]|[eE]|1[0-9a-fA-F]));"
)
#: Begin and end of what is text already, ampersands and all.
_VERBATIM = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_OPENING = re.compile("|".join(map(re.escape, _VERBATIM)))
_AMPERSAND = re.compile(
    r"&(?:(?P<known>amp|lt|gt|quot|apos|\#[0-9]+|\#x[0-9A-Fa-f]+);"
    r"|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?"
)
_JUNK_BEFORE = 4096


def mended(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The document in UTF-8 with its slips mended, and what was done; no notes: nothing helps."""
    text, notes = _decoded(body)
    if text is None:
        return body, ()
    text, before = _without_junk(text)
    text, controls = _CONTROLS.subn("", text)
    text, ampersands = _with_references(text)
    text, after = _without_tail(text)
    found = (*notes, *before, *_counted(controls), *ampersands, *after)
    return text.encode("utf-8", "surrogatepass"), found


def _counted(controls: int) -> tuple[str, ...]:
    return (f"{controls} control character(s) that XML forbids: left out",) if controls else ()


def _decoded(body: bytes) -> tuple[str | None, tuple[str, ...]]:
    """The text without its declaration; bytes that are not what they say are Latin-1."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    else:
        head = _DECLARATION.search(body[:_JUNK_BEFORE].decode("latin-1"))
        given = _ENCODING.search(head[1]) if head else None
        name = given[1] if given else "utf-8"
    try:
        return body.decode(name), ()
    except LookupError:
        return None, ()
    except ValueError:
        if name == "utf-16":
            return None, ()
        return body.decode("latin-1"), ("not in the encoding it declares: read as Latin-1",)


def _without_junk(text: str) -> tuple[str, tuple[str, ...]]:
    """Text before the declaration goes; the declaration too, for the encoding is another now."""
    found = _DECLARATION.search(text, 0, _JUNK_BEFORE)
    if found is None:
        start = text.find("<", 0, _JUNK_BEFORE)
        return (text, ()) if start < 1 or not text[:start].strip() else _cut(text, start)
    if "<" in text[: found.start()]:
        return text, ()
    rest = text[found.end() :]
    return (rest, (_BEFORE,)) if text[: found.start()].strip() else (rest, ())


_BEFORE = "text before the XML: left out"


def _cut(text: str, start: int) -> tuple[str, tuple[str, ...]]:
    return text[start:], (_BEFORE,)


def _with_references(text: str) -> tuple[str, tuple[str, ...]]:
    """HTML's named characters (`&nbsp;`) as such; an ampersand alone as itself."""
    named: dict[str, None] = {}
    bare = 0

    def _mend(found: re.Match[str]) -> str:
        nonlocal bare
        if found["known"]:
            return found[0]
        characters = html5.get(f"{found['name']};")
        if characters is None:
            bare += 1
            return f"&amp;{found[0][1:]}"
        named[found["name"]] = None
        return "".join(f"&#{ord(character)};" for character in characters)

    text = "".join(
        part if is_verbatim else _AMPERSAND.sub(_mend, part) for is_verbatim, part in _parts(text)
    )
    notes = []
    if named:
        notes.append(f"HTML's {', '.join(f'&{name};' for name in list(named)[:5])}: read as meant")
    if bare:
        notes.append(f"{bare} bare ampersand(s): read as text")
    return text, tuple(notes)


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """(verbatim or not, part) in order; one look at each character, however it is written."""
    at = 0
    while opening := _OPENING.search(text, at):
        yield False, text[at : opening.start()]
        end = text.find(_VERBATIM[opening[0]], opening.end())
        at = len(text) if end < 0 else end
        yield True, text[opening.start() : at]
    yield False, text[at:]


_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")


def _without_tail(text: str) -> tuple[str, tuple[str, ...]]:
    """What follows the end of the root goes, if it is no element: the root itself is whole."""
    root = _ROOT.search(text, 0, _JUNK_BEFORE)
    if root is None:
        return text, ()
    closing = f"</{root[1]}>"
    at = text.rfind(closing)
    tail = text[at + len(closing) :] if at >= 0 else ""
    if not tail.strip() or _whole_element(tail):
        return text, ()
    return text[: at + len(closing)], ("text after the end of the XML: left out",)


def _whole_element(tail: str) -> bool:
    """True if the tail holds an end tag or an empty element: it may be another message."""
    return "</" in tail or "/>" in tail
