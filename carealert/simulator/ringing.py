"""A phone that rings: the life of one call, from the dial to the last word.

Nothing is spoken. What a call would say is read out of its TwiML and shown on the phone's screen,
keys are pressed as its fate has it, and the application is told by signed requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from lxml import etree

from carealert.simulator.calls import Call, Fate, Pickup
from carealert.simulator.faults import FaultKind
from carealert.simulator.signing import post_signed
from carealert.simulator.state import State

#: More turns than a call that ends has; a loop of redirects must not go on for ever.
_MOST_TURNS = 20
_EVENT_OF = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
_RECEIVER = "☎"
_READER = etree.XMLParser(resolve_entities=False, no_network=True)


@dataclass(slots=True)
class _Talk:
    """What was said so far, and the keys that are still to be pressed."""

    keys: list[str]
    heard: list[str] = field(default_factory=list)
    turns: int = 0


class Ringing:
    """Lets calls ring, and plays them to their end."""

    def __init__(self, world: State, connections: urllib3.PoolManager) -> None:
        self._world, self._connections = world, connections

    def play(self, call: Call) -> None:
        """Everything that becomes of one call."""
        fate = self._world.calls.fate_of(call.to)
        events: list[dict[str, str]] = []
        for status in ("initiated", "ringing"):
            self._goes(call, status, None, events)
        if not fate.pickup.is_answered:
            self._screen(call, f"{_RECEIVER} {fate.pickup.value}")
            self._goes(call, fate.pickup.value, None, events)
        else:
            found = fate.pickup.value if call.detects else None
            self._goes(call, "in-progress", found, events)
            self._talk(call, fate)
            self._goes(call, "completed", found, events)
        for event in reversed(events):
            self._post(call, event)

    def _goes(
        self, call: Call, status: str, answered_by: str | None, kept: list[dict[str, str]]
    ) -> None:
        """Move on, and call back now, or at the end and the wrong way round."""
        self._world.calls.change(call.sid, status=status, answered_by=answered_by)
        if _EVENT_OF.get(status, "completed") not in call.events:
            return
        form = self._form(call, status, answered_by)
        if status not in _EVENT_OF:
            form["CallDuration"] = "0"
        if FaultKind.REVERSED_CALLBACKS in call.faults:
            kept.append(form)
            return
        self._post(call, form)
        if FaultKind.DUPLICATE_CALLBACKS in call.faults:
            self._post(call, form)

    def _talk(self, call: Call, fate: Fate) -> None:
        talk = _Talk(list(fate.keys) if fate.pickup is not Pickup.MACHINE else [])
        twiml = call.twiml if call.url is None else self._ask(call, call.url, {}, fate)
        while twiml and talk.turns < _MOST_TURNS:
            talk.turns += 1
            twiml = self._turn(call, twiml, talk, fate)
        self._world.calls.change(call.sid, heard=tuple(talk.heard))

    def _turn(self, call: Call, twiml: str, talk: _Talk, fate: Fate) -> str | None:
        """One document, verb by verb; what the application answers to it, or None at the end."""
        for verb in etree.fromstring(twiml.encode(), _READER):
            if verb.tag in ("Say", "Play"):
                self._hear(call, talk, verb)
            elif verb.tag == "Redirect":
                return self._ask(call, (verb.text or "").strip(), {}, fate)
            elif verb.tag == "Gather":
                for said in verb:
                    self._hear(call, talk, said)
                key = talk.keys.pop(0) if talk.keys else ""
                if key or verb.get("actionOnEmptyResult") == "true":
                    if key:
                        self._world.show(call.to, f"{_RECEIVER} {key}", mine=True)
                    return self._ask(call, verb.get("action", ""), {"Digits": key}, fate)
            else:
                return None
        return None

    def _hear(self, call: Call, talk: _Talk, said: etree._Element) -> None:
        text = (said.text or "").strip()
        talk.heard.append(text)
        self._screen(call, f"{_RECEIVER} {text}")

    def _screen(self, call: Call, text: str) -> None:
        self._world.show(call.to, text, mine=False)

    def _ask(self, call: Call, url: str, more: Mapping[str, str], fate: Fate) -> str | None:
        """What the application wants said now; None where it cannot be asked."""
        found = fate.pickup.value if call.detects else None
        form = self._form(call, "in-progress", found) | dict(more)
        answer = post_signed(self._connections, url, form, self._world.auth_token)
        return answer.data.decode() if answer is not None and answer.status < 400 else None

    def _post(self, call: Call, form: Mapping[str, str]) -> None:
        if call.status_callback is not None:
            post_signed(self._connections, call.status_callback, form, self._world.auth_token)

    def _form(self, call: Call, status: str, answered_by: str | None) -> dict[str, str]:
        form = {
            "AccountSid": self._world.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "CallStatus": status,
            "Called": call.to,
            "Caller": call.sender,
            "Direction": "outbound-api",
            "From": call.sender,
            "To": call.to,
        }
        return form | ({"AnsweredBy": answered_by} if answered_by else {})
