"""Real by its status, a test by its text: what an officer must decide about, and what follows."""

from collections.abc import Iterable
from dataclasses import replace

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import HazardWarning, Info, MsgType, Scope, Status

_DECIDED = (MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL)


def reads_as_test(warning: HazardWarning) -> bool:
    """True if any info reads as a test or a drill."""
    return any(info.hazard is Hazard.TEST_MESSAGE for info in warning.infos)


def needs_officer(warning: HazardWarning) -> bool:
    """True for a message to the public that is Actual by its status and a test by its text."""
    return (
        warning.status is Status.ACTUAL
        and warning.scope in (Scope.PUBLIC, None)
        and warning.msg_type in _DECIDED
        and reads_as_test(warning)
    )


def why_held(warning: HazardWarning) -> str:
    """What in the text reads as a test, for the officer; each thing once."""
    found = dict.fromkeys(_evidence(warning.infos))
    return "it reads as a test: " + ("; ".join(found) or "an info of it does")


def as_real(warning: HazardWarning) -> HazardWarning:
    """The message as it counts once an officer has said that it is no test."""
    return replace(warning, infos=tuple(_real(info) for info in warning.infos))


def _real(info: Info) -> Info:
    if info.hazard is not Hazard.TEST_MESSAGE:
        return info
    evidence = (*info.evidence, "an officer said that it is no test")
    return replace(info, hazard=info.hazard_if_real or Hazard.OTHER, evidence=evidence)


def _evidence(infos: Iterable[Info]) -> Iterable[str]:
    for info in infos:
        if info.hazard is Hazard.TEST_MESSAGE and info.evidence:
            yield info.evidence[0]
