"""People with phones: they answer, and see what comes back."""

import html
import re

from carealert.simulator.signing import new_pool, post_signed
from carealert.simulator.state import State

#: Words that Twilio acts on by itself: the default ones for English.
_STOP = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"})
_START = frozenset({"start", "unstop", "yes"})
_CONFIRMED = {
    "STOP": "You have been unsubscribed. Reply START to get messages again.",
    "START": "You will get messages again. Reply STOP to unsubscribe.",
}
_TEXT = re.compile(r"<Message[^>]*>(.*?)</Message>", re.DOTALL)


def reply(world: State, number: str, body: str) -> tuple[str, ...]:
    """Send `body` from a phone to the application; the texts that came back.

    STOP and START are known to the gateway too, which confirms them by itself and says so in
    `OptOutType`, as Twilio does with Advanced Opt-Out.
    """
    world.show(number, body, mine=True)
    opt_out = _opt_out(body)
    if opt_out is not None:
        world.stop(number, stopped=opt_out == "STOP")
        world.show(number, _CONFIRMED[opt_out], mine=False)
    answers = _deliver(world, number, body, opt_out)
    for answer in answers:
        world.show(number, answer, mine=False)
    return answers


def _opt_out(body: str) -> str | None:
    word = body.strip().lower()
    if word in _STOP:
        return "STOP"
    return "START" if word in _START else None


def _deliver(world: State, number: str, body: str, opt_out: str | None) -> tuple[str, ...]:
    sid = world.next_inbound_sid()
    form = {
        "AccountSid": world.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": number,
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": world.sender,
    }
    if opt_out is not None:
        form["OptOutType"] = opt_out
    with new_pool() as pool:
        answer = post_signed(pool, world.inbound_url, form, world.auth_token)
    if answer is None or answer.status >= 400:
        return ()
    return tuple(html.unescape(text) for text in _TEXT.findall(answer.data.decode()))
