"""What is kept until an SMSC has told the rest: parts without a receipt, halves of texts."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from carealert.adapters.channels.smpp_text import Piece
from carealert.domain.notices import DeliveryStatus

#: How many short messages wait in memory for their receipts.
MOST_SENT = 20_000
#: How many texts of several parts may be half here.
MOST_HALF = 500


class ComeAgain(Exception):
    """It cannot be placed yet: the SMSC is asked to deliver it once more."""


@dataclass(slots=True)
class Sent:
    """A text of ours at the SMSC: the ids of its parts by their place, and which have arrived."""

    reference: str
    total: int
    ids: dict[int, str] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)


class SentTexts:
    """By the SMSC's id, which text of ours it speaks of. Any thread may ask."""

    def __init__(self, most: int = MOST_SENT) -> None:
        self._most = most
        self._lock = Lock()
        self._sent: OrderedDict[str, Sent] = OrderedDict()

    def add(self, sent: Sent, place: int, message_id: str) -> None:
        """Note that the SMSC calls this part of a text so; the oldest are forgotten."""
        with self._lock:
            sent.ids[place] = message_id
            self._sent[message_id] = sent
            while len(self._sent) > self._most:
                self._sent.popitem(last=False)

    def told(self, message_id: str, status: DeliveryStatus) -> tuple[Sent, bool] | None:
        """The text that a receipt speaks of, and whether that makes news of the whole.

        It has arrived when all its parts have. None for a text that is not remembered; raises
        ComeAgain while the first part's id is not known, by which the whole is called.
        """
        with self._lock:
            found = next((one for one in spellings(message_id) if one in self._sent), None)
            if found is None:
                return None
            sent = self._sent[found]
            if status is DeliveryStatus.DELIVERED:
                sent.arrived.add(found)
                if len(sent.arrived) < sent.total:
                    return sent, False
            if 0 not in sent.ids:
                raise ComeAgain
            return sent, True


class HalfTexts:
    """Texts of others that come in several parts. Any thread may ask."""

    def __init__(self, most: int = MOST_HALF) -> None:
        self._most = most
        self._lock = Lock()
        self._half: OrderedDict[tuple[str, int, int], dict[int, str]] = OrderedDict()

    def whole(self, source: str, piece: Piece) -> str | None:
        """The text, when all its parts are here; the oldest halves are forgotten."""
        if piece.total == 1:
            return piece.text
        key = (source, piece.reference, piece.total)
        with self._lock:
            have = self._half.setdefault(key, {})
            have[piece.at] = piece.text
            if len(have) == piece.total:
                del self._half[key]
                return "".join(have[at] for at in sorted(have))
            while len(self._half) > self._most:
                self._half.popitem(last=False)
        return None


def spellings(message_id: str) -> Sequence[str]:
    """Some SMSCs give an id as a hexadecimal number and speak of it as a decimal one, or so."""
    found = [message_id]
    if message_id.isascii() and message_id.isdecimal() and len(message_id) <= 20:
        number = int(message_id)
        found += [f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}", str(number)]
    if message_id.isascii() and message_id.isalnum() and len(message_id) <= 16:
        with suppress(ValueError):
            found.append(str(int(message_id, 16)))
    return list(dict.fromkeys(found))
