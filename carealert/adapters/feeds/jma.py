"""JMA's disaster prevention XML (JMX): tsunami warnings and observed seismic intensity.

Source of names and meanings: JMA, "気象庁防災情報XMLフォーマット" (jmaxml1), the explanation of
its earthquake and volcano bulletins and the code tables AreaTsunami, AreaForecastLocalE and
AreaInformationCity. It is no CAP: what CAP asks for and JMA does not say stays empty, and what is
put in JMA's words here comes from the tables of `jma_grades`. A bulletin that warns of nothing
gives no warning, and a notice that says why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from carealert.adapters.feeds import jma_body
from carealert.adapters.feeds.jma_body import Finding, Graded
from carealert.adapters.feeds.jma_grades import word
from carealert.adapters.feeds.reading import MAX_KEY, Document, Notes, clip, moment
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import (
    Category,
    HazardWarning,
    Info,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument

NAMESPACE = "http://xml.kishou.go.jp/jmaxml1/"
SENDER = "jma.go.jp"

#: Control/Status: 通常 normal, 訓練 drill, 試験 test.
_STATUS = {"通常": Status.ACTUAL, "訓練": Status.EXERCISE, "試験": Status.TEST}
#: Head/InfoType: 発表 issued, 遅延 issued late, 訂正 corrected, 取消 withdrawn.
_MSG_TYPE = {
    "発表": MsgType.ALERT,
    "遅延": MsgType.ALERT,
    "訂正": MsgType.UPDATE,
    "取消": MsgType.CANCEL,
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of bulletin that is read. Events are told apart by `subject`: a report on shaking
    must not end the tsunami warning of the same earthquake."""

    subject: str
    findings: Callable[[etree._Element, Notes], Finding]
    withdraws: bool  # whether 取消 takes a warning back, or information only


#: By Head/InfoKind. Control/Title has variants (a trailing `a`) for the same kind.
_KINDS = {
    "震度速報": _Kind("earthquake", jma_body.intensity, withdraws=True),
    "震源速報": _Kind("earthquake", jma_body.intensity, withdraws=False),
    "地震情報": _Kind("earthquake", jma_body.intensity, withdraws=True),
    "津波警報・注意報・予報": _Kind("tsunami", jma_body.tsunami_warning, withdraws=True),
    "津波情報": _Kind("tsunami", jma_body.tsunami_information, withdraws=False),
}


@dataclass(frozen=True, slots=True)
class _Head:
    """Control and Head: what the bulletin is. `events` are JMA's own numbers."""

    title: str
    info_kind: str
    status: Status | None
    msg_type: MsgType
    events: tuple[str, ...]
    serial: str
    issued: str
    sent: datetime
    text: str | None
    office: str | None


def recognises(document: Document) -> bool:
    """True for a `Report` in JMA's namespace."""
    return not document.is_json and document.root.tag == f"{{{NAMESPACE}}}Report"


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The warning of one bulletin, or none and why; raises UnreadableDocument."""
    root, remarks = document.xml
    if not recognises(document):
        what = f"is no bulletin of JMA (its root is <{local(root)}>)"
        raise UnreadableDocument(document.where, what)
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    head = _head(root, notes)
    warning = _warning(root, head, interpreter, notes) if head else None
    return Reading("jma", (warning,) if warning else (), (), tuple(notes.found))


def _head(root: etree._Element, notes: Notes) -> _Head | None:
    title = word(root, "Control/Title")
    events = (word(root, "Head/EventID") or "").split()
    sent = moment(word(root, "Head/ReportDateTime"), "Head/ReportDateTime", notes)
    given = {"Control/Title": title, "Head/EventID": events, "Head/ReportDateTime": sent}
    missing = [name for name, value in given.items() if not value]
    if title is None or not events or sent is None:
        notes.error(
            "Report", f"has no readable {', '.join(missing)}: it cannot be told from others"
        )
        return None
    return _Head(
        title=title,
        info_kind=word(root, "Head/InfoKind") or "",
        status=_status(word(root, "Control/Status"), notes),
        msg_type=_msg_type(word(root, "Head/InfoType"), notes),
        events=tuple(events),
        serial=word(root, "Head/Serial") or "",
        issued=word(root, "Control/DateTime") or "",
        sent=sent,
        text=word(root, "Head/Headline/Text"),
        office=word(root, "Control/PublishingOffice"),
    )


def _status(text: str | None, notes: Notes) -> Status | None:
    found = _STATUS.get(text or "")
    if found is None:
        notes.notice("Control/Status", f"'{clip(text or '')}' is not one of JMA's: left out")
    return found


def _msg_type(text: str | None, notes: Notes) -> MsgType:
    found = _MSG_TYPE.get(text or "")
    if found is None:
        notes.notice("Head/InfoType", f"'{clip(text or '')}' is not one of JMA's: read as issued")
    return found or MsgType.ALERT


def _warning(
    root: etree._Element, head: _Head, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    kind = _KINDS.get(head.info_kind)
    if kind is None:
        what = f"'{clip(head.info_kind)}' is a kind of bulletin that is not read here"
        notes.notice("Head/InfoKind", what)
        return None
    if head.msg_type is MsgType.CANCEL:
        if kind.withdraws:
            return _message(root, head, kind, MsgType.CANCEL, ())
        notes.notice("Head/InfoType", "withdraws information: the warnings themselves stand")
        return None
    finding = kind.findings(root, notes)
    corrected = head.msg_type is MsgType.UPDATE
    infos = tuple(_info(root, head, graded, interpreter) for graded in finding.graded)
    if not infos and (finding.lifted is not None or corrected):
        infos = (_all_clear(root, head, finding.lifted, interpreter),)
        return _message(root, head, kind, MsgType.UPDATE, infos)
    if not infos:
        notes.notice("Body", f"is information only: {finding.why}")
        return None
    follows = corrected or finding.follows or (head.serial.isdecimal() and int(head.serial) > 1)
    return _message(root, head, kind, MsgType.UPDATE if follows else MsgType.ALERT, infos)


def _message(
    root: etree._Element, head: _Head, kind: _Kind, msg_type: MsgType, infos: tuple[Info, ...]
) -> HazardWarning:
    """The identifier holds the moment of sending: JMA numbers not all of its bulletins."""
    parts = (" ".join(head.events), head.title, head.serial or "-", head.issued or "-")
    return HazardWarning(
        identifier="/".join(parts)[:MAX_KEY],
        sender=SENDER,
        sent=head.sent,
        status=head.status,
        msg_type=msg_type,
        scope=Scope.PUBLIC,
        source=word(root, "Control/EditorialOffice"),
        restriction=None,
        addresses=(),
        codes=(),
        note=None if infos else word(root, "Body/Text") or head.text,
        references=(),
        incidents=(),
        infos=infos,
        event_keys=tuple(f"jma:{event}:{kind.subject}" for event in head.events),
    )


def _info(root: etree._Element, head: _Head, graded: Graded, interpreter: Interpreter) -> Info:
    return interpreter.understood(
        Info(
            language="ja",
            categories=(Category.GEO,),
            event=graded.event,
            hazard=Hazard.OTHER,
            response_types=graded.response_types,
            urgency=graded.urgency,
            severity=graded.severity,
            certainty=graded.certainty,
            audience=None,
            event_codes=graded.codes,
            effective=None,
            onset=graded.onset,
            expires=None,
            sender_name=head.office,
            headline=head.text,
            description=_comments(root, "ForecastComment"),
            instruction=_comments(root, "WarningComment"),
            web=None,
            contact=None,
            parameters=(*graded.parameters, *jma_body.source_of(root)),
            resources=(),
            areas=graded.areas,
        )
    )


def _all_clear(
    root: etree._Element, head: _Head, lifted: Graded | None, interpreter: Interpreter
) -> Info:
    """The end of a warning: lifted, or corrected away."""
    ended = lifted or Graded(event=head.title, severity=Severity.MINOR, areas=())
    over = Graded(
        event=ended.event,
        severity=ended.severity,
        areas=ended.areas,
        urgency=Urgency.PAST,
        response_types=(ResponseType.ALL_CLEAR,),
        codes=ended.codes,
    )
    return _info(root, head, over, interpreter)


def _comments(root: etree._Element, name: str) -> str | None:
    """JMA's fixed sentences of one kind, one a line."""
    found: Iterable[etree._Element] = root.iter(f"{{*}}{name}")
    texts = [text_of(next(one.iterchildren("{*}Text"), None)) for one in found]
    return "\n".join(text for text in texts if text) or None
