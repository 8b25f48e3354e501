"""How long personal data is kept (requirements 3.4), as one table.

Counts, states, decisions and the journal stay; they name people by ref at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from carealert.domain.consents import ConsentRecord, ConsentStatus, newest


@dataclass(frozen=True, slots=True)
class Keep:
    """After how long each kind of data goes; `late` is when somebody must look."""

    texts: timedelta = timedelta(days=90)  # of messages that we sent
    answers: timedelta = timedelta(days=90)  # what people wrote to us
    contacts: timedelta = timedelta(days=30)  # of somebody who agrees to nothing any more
    late: timedelta = timedelta(days=2)


def agrees_to_nothing_since(records: Iterable[ConsentRecord], now: datetime) -> datetime | None:
    """Since when nothing is agreed to at `now`; None while something is, or nothing ever was.

    What was only refused was never agreed to: whoever registered the person had another ground.
    """
    last: datetime | None = None
    for record in newest(records).values():
        if record.status is ConsentStatus.GIVEN:
            if record.expires is None or record.expires > now:
                return None
            end = record.expires
        elif record.status is ConsentStatus.WITHDRAWN:
            end = record.at
        else:
            continue
        last = end if last is None else max(last, end)
    return last
