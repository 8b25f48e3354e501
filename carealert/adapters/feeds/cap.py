"""CAP 1.2 and 1.1 (OASIS): one message, several, or wrapped in EDXL-DE, SOAP or a list.

Elements are matched by their local name, because agencies mix prefixes and namespaces. A message
without identifier, sender or readable `sent` has no identity and is refused; all else is read
with notices, and nothing is invented. Each `info` is read by `cap_info`, its parts by `cap_parts`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lxml import etree

from carealert.adapters.feeds import cap_info
from carealert.adapters.feeds.cap_info import Head, time_of
from carealert.adapters.feeds.cap_parts import texts_of, word
from carealert.adapters.feeds.cap_tree import AlertTexts, Texts, texts_of_alert
from carealert.adapters.feeds.reading import (
    MAX_KEY,
    Document,
    Notes,
    clip,
    moment,
    one_of,
)
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.event_keys import event_keys
from carealert.domain.hazard_table import HazardFinding
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.time_rules import SenderTimes
from carealert.domain.warnings import (
    HazardWarning,
    Info,
    MsgType,
    Reference,
    Scope,
    Status,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument

_WORD_OR_QUOTED = re.compile(r'"([^"]*)"|(\S+)')
_TEST, _ACTUAL = Hazard.TEST_MESSAGE, Status.ACTUAL
#: The parameters that name the event itself.
_KEYED = frozenset(("vtec", "nwsvtec", "eventtype"))
#: How far from reaching people a status is; an envelope can only push it further.
_DISTANCE = {
    Status.ACTUAL: 0,
    Status.EXERCISE: 1,
    Status.SYSTEM: 2,
    Status.TEST: 3,
    Status.DRAFT: 4,
}


def recognises(document: Document) -> bool:
    """True if there is an `alert` element anywhere."""
    return next(document.root.iter("{*}alert"), None) is not None


def read(document: Document, interpreter: Interpreter) -> Reading:
    """Every `alert` in the document; raises UnreadableDocument where there is none."""
    root, remarks = document.xml
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    elements = list(root.iter("{*}alert"))
    if not elements:
        raise UnreadableDocument(
            document.where, f"holds no CAP alert (its root is <{local(root)}>)"
        )
    warnings = alerts(elements, interpreter, notes)
    return Reading("cap", warnings, (), tuple(notes.found))


def alerts(
    elements: Iterable[etree._Element], interpreter: Interpreter, notes: Notes
) -> tuple[HazardWarning, ...]:
    """The warnings that these `alert` elements hold; what cannot be read is noted as an error."""
    found = []
    for n, element in enumerate(elements, 1):
        envelopes = () if element.getparent() is None else _envelopes(element)
        warning = message(texts_of_alert(element), f"alert[{n}]", interpreter, notes, envelopes)
        if warning is not None:
            found.append(warning)
    return tuple(found)


def _envelopes(alert: etree._Element) -> list[str | None]:
    """What the EDXL-DE envelopes around a message say of its status, the nearest first."""
    around = alert.iterancestors("{*}EDXLDistribution")
    return [text_of(next(each.iterchildren("{*}distributionStatus"), None)) for each in around]


def message(
    given: AlertTexts,
    where: str,
    interpreter: Interpreter,
    notes: Notes,
    envelopes: Sequence[str | None] = (),
) -> HazardWarning | None:
    """The warning of these texts; None and an error where it has no identity.

    `envelopes` are the statuses of what it came in.
    """
    texts = given.texts
    times = interpreter.times.of(texts.get("sender") or "")
    identity = _identity(texts, where, times, notes)
    if identity is None:
        return None
    identifier, sender, sent = identity
    for name in ("status", "msgType", "scope"):
        if not texts.get(name):
            notes.notice(f"{where}/{name}", "is missing")
    get = texts.get
    msg_type = word(MsgType, get("msgType"), where, "msgType", notes)
    status = word(Status, get("status"), where, "status", notes)
    evidence: tuple[str, ...] = ()
    if envelopes:
        status, evidence = _in_envelopes(status, envelopes, notes)
    head = Head(where, sent, msg_type, times, evidence)
    infos = tuple(
        [cap_info.info(each, n, head, interpreter, notes) for n, each in enumerate(given.infos, 1)]
    )
    return HazardWarning(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=status,
        msg_type=msg_type,
        scope=word(Scope, get("scope"), where, "scope", notes),
        source=get("source"),
        restriction=get("restriction"),
        addresses=_list(get("addresses")),
        codes=texts_of(given.lists, "code"),
        note=get("note"),
        references=_references(get("references"), where, notes),
        incidents=_list(get("incidents")),
        infos=_all_drills(infos, _noted_test(status, get("note"), interpreter)),
        event_keys=_event_keys(infos, sent),
    )


def _in_envelopes(
    own: Status | None, envelopes: Sequence[str | None], notes: Notes
) -> tuple[Status | None, tuple[str, ...]]:
    """The message's status, or that of its envelope if that is farther from people.

    EDXL-DE 1.0, section 3.2.1: `distributionStatus` holds for all that is inside.
    """
    evidence: tuple[str, ...] = ()
    for said in envelopes:
        if said is None or said == Status.ACTUAL:
            continue
        status = one_of(Status, said, "distributionStatus", notes)
        if status is None or own is None or _DISTANCE[status] <= _DISTANCE[own]:
            notes.notice("distributionStatus", f"the envelope says {clip(said)}")
            continue
        what = f"the envelope says {status}, the message {own}: read as {status}"
        notes.notice("distributionStatus", what)
        own, evidence = status, (*evidence, what)
    return own, evidence


def _noted_test(
    status: Status | None, note: str | None, interpreter: Interpreter
) -> HazardFinding | None:
    """CAP's `note` says what a test is for; where the status says it too, no more is needed."""
    return interpreter.hazards.test_in_note(note) if note and status is _ACTUAL else None


def _all_drills(infos: tuple[Info, ...], note: HazardFinding | None) -> tuple[Info, ...]:
    """A drill may say so in one language only, or in the note; it is held in all infos."""
    tests = [info.hazard is _TEST for info in infos]
    if note is None and (all(tests) or not any(tests)):
        return infos
    said = () if note is None else (note.evidence,)
    return tuple(
        replace(
            info,
            hazard=_TEST,
            hazard_if_real=info.hazard_if_real or info.hazard,
            evidence=(*said, *info.evidence),
        )
        for info in infos
    )


def _event_keys(infos: tuple[Info, ...], sent: datetime) -> tuple[str, ...]:
    found: set[str] = set()
    for info in infos:
        if not _KEYED.isdisjoint(cap_info.names_of(info.parameters)):
            found.update(event_keys(info.parameters, sent))
    return tuple(sorted(found))


def _identity(
    texts: Texts, where: str, times: SenderTimes, notes: Notes
) -> tuple[str, str, datetime] | None:
    identifier, sender = texts.get("identifier"), texts.get("sender")
    sent = time_of(texts.get("sent"), where, "sent", times, notes)
    if identifier is None or sender is None or sent is None:
        given = {"identifier": identifier, "sender": sender, "sent": sent}
        missing = ", ".join(name for name, value in given.items() if value is None)
        notes.error(where, f"has no readable {missing}: it cannot be told from others")
        return None
    if max(len(identifier), len(sender)) > MAX_KEY:
        notes.error(where, f"has an identifier or sender longer than {MAX_KEY} characters")
        return None
    return identifier, sender, sent


def _references(text: str | None, where: str, notes: Notes) -> tuple[Reference, ...]:
    """`sender,identifier,sent` triples between white space; some agencies give identifiers only."""
    return tuple(_each_reference(text, where, notes)) if text else ()


def _each_reference(text: str, where: str, notes: Notes) -> Iterable[Reference]:
    for token in text.split():
        if len(token) > MAX_KEY:
            notes.notice(f"{where}/references", f"'{clip(token)}' is too long: left out")
            continue
        parts = token.strip(",").split(",")
        if len(parts) < 3:
            found = Reference(parts[0] if len(parts) > 1 else None, parts[-1], None)
        else:
            sent = moment(parts[-1], f"{where}/references", notes)
            found = Reference(parts[0], ",".join(parts[1:-1]), sent)
        if found.identifier:
            yield found


def _list(text: str | None) -> tuple[str, ...]:
    """Words between white space; those in double quotes may hold some."""
    if not text:
        return ()
    return tuple(quoted or word for quoted, word in _WORD_OR_QUOTED.findall(text))
