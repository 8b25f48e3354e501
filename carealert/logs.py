"""What is logged, as text or as one JSON object a line, and what never is: phones and what is said.

Our own lines are written for this and name people by ref; whatever looks like a phone in them is
taken out all the same. Lines of other libraries keep their template and lose what was filled in.
Of an exception stand its class and where it was raised, never its text: that may quote anything.
"""

import json
import logging
import re
import traceback
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType

OWN = "carealert"
HIDDEN = "[hidden]"
#: What a line may say beside its sentence, given as `extra`.
FIELDS = ("event", "incident", "notice", "attempt", "lane", "channel", "sender", "code", "feed")

_BETWEEN = r"[\s().\-/_\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\ufeff%]"
#: Ids and moments, which have many digits and are nobody's; then seven digits or more, however they
#: are grouped and in whatever script.
_KEPT_OR_PHONE = re.compile(
    r"(?P<kept>(?<!\w)(?:"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[A-Z]{2}[0-9a-f]{32}"
    r"|(?:19|20)\d\d-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?"
    r")(?!\w))"
    rf"|\+?\(?\d(?:{_BETWEEN}{{0,4}}\d){{6,}}"
)


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


def without_phones(text: str) -> str:
    """`text` with every phone, in any script and grouping, taken out; ids and moments stay."""
    plain = unicodedata.normalize("NFKC", text)
    return _KEPT_OR_PHONE.sub(lambda found: found.group("kept") or HIDDEN, plain)


class DiscreetFormatter(logging.Formatter):
    """Writes records of any library; `how` is text for people or JSON for machines (UTC)."""

    def __init__(self, how: LogFormat = LogFormat.TEXT) -> None:
        super().__init__()
        self._how = how

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record holds."""
        error = _error(record)
        said = " ".join(without_phones(_sentence(record)).split())
        if self._how is LogFormat.TEXT:
            return f"{record.levelname} {record.name}: {said}" + (f" [{error}]" if error else "")
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": f"{record.module}.{record.funcName}",
            "message": said,
        }
        given = {name: getattr(record, name, None) for name in FIELDS}
        line |= {n: without_phones(str(value)) for n, value in given.items() if value is not None}
        if error:
            line["error"] = error
        return json.dumps(line, ensure_ascii=False)


def write_as(how: LogFormat) -> None:
    """Let the root's streams write so from now on; a handler of another kind keeps its own way."""
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(DiscreetFormatter(how))


def _sentence(record: logging.LogRecord) -> str:
    if record.name == OWN or record.name.startswith(f"{OWN}."):
        try:
            return record.getMessage()
        except (TypeError, ValueError):  # the template and what it is filled with do not fit
            return str(record.msg)
    # A sentence that came whole may be a request with its body in it.
    return str(record.msg) if record.args else HIDDEN


def _error(record: logging.LogRecord) -> str:
    """`ValueError at carealert/web/app.py:12 in answer`, or nothing."""
    if not isinstance(record.exc_info, tuple) or record.exc_info[0] is None:
        return ""
    kind, _, trace = record.exc_info
    return f"{kind.__name__}{_place(trace)}"


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    if not frames:
        return ""
    last = frames[-1]
    path = "/".join(last.filename.replace("\\", "/").split("/")[-3:])
    return f" at {path}:{last.lineno} in {last.name}"
