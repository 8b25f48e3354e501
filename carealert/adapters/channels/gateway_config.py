"""How one HTTP gateway speaks, as data: what is posted, what its answers mean, how it calls back.

How to write one: docs/how-to/add-a-gateway.md.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from carealert.adapters.channels.gateway_words import (
    PERSONAL,
    WORDS,
    is_known,
    placeholders,
    secret_name,
)
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import FailureAction

#: A day: what a gateway keeps longer than that misleads.
LONGEST_VALIDITY = 86_400

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
#: A JSON pointer (/result/id) or the name of a field.
Place = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Status = Annotated[int, Field(ge=100, le=599)]
#: YAML reads an unquoted 21610 as a number.
Word = Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, int | float) else v)]


class _Part(BaseModel):
    """Frozen, and without fields that nobody knows; no input in errors: it may hold a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Equals(_Part):
    """Success only if the answer has `value` at the place `at`."""

    at: Place
    value: Word


class Answers(_Part):
    """What an answer to a post means.

    `id` is where the message's id stands (`header:Name` for a header); without one, our reference
    is the id. `code` is where an error code stands. `by_code` counts before `by_status`. An answer
    of success that does not hold what `equals` asks for has the meaning `otherwise`.
    """

    success: frozenset[Status] = frozenset({200, 201, 202})
    equals: Equals | None = None
    id: Place | None = None
    status: Place | None = None
    code: Place | None = None
    by_code: Mapping[Word, FailureAction] = {}
    by_status: Mapping[Status, FailureAction] = {}
    otherwise: FailureAction = FailureAction.UNKNOWN


class LookUp(_Part):
    """A request that says whether the gateway has a message of ours; `path` holds a reference.

    There is none where the status is one of `absent`, or the list at `empty` has nothing in it.
    """

    path: str
    found: frozenset[Status] = frozenset({200})
    absent: frozenset[Status] = frozenset({404})
    empty: Place | None = None
    id: Place | None = None
    status: Place | None = None


class Proof(_Part):
    """How a webhook is known to be the gateway's; `secret` names an environment variable.

    token: it stands in the header `header`. basic: it is the password of `user`. hmac: the header
    has HMAC-SHA256 of the body and of `timestamp_header`, in `encoding` after `prefix`.
    signed_path: the callback address is signed, for gateways that can only call an address.
    """

    kind: Literal["token", "basic", "hmac", "signed_path"]
    secret: SecretName
    header: HeaderName | None = None
    timestamp_header: HeaderName | None = None
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    user: str = ""

    @model_validator(mode="after")
    def _whole(self) -> "Proof":
        if self.kind in ("token", "hmac") and not self.header:
            raise ValueError(f"a proof by {self.kind} needs header: the header that holds it")
        if self.kind == "basic" and not self.user:
            raise ValueError("a proof by basic needs user: the name before the password")
        return self


class Receipts(_Part):
    """How a status callback is read: places in its JSON, or names of its fields."""

    proof: Proof
    reference: Place | None = None
    id: Place | None = None
    status: Place
    code: Place | None = None
    statuses: Mapping[Word, DeliveryStatus]

    @model_validator(mode="after")
    def _knows_the_message(self) -> "Receipts":
        if self.reference is None and self.proof.kind != "signed_path":
            raise ValueError("needs reference: where our reference stands in the callback")
        return self


class Inbound(_Part):
    """How an inbound message is read, and on which way an answer goes back.

    `numbers`: international (+ or 00), or digits (international without the +); `region` (two
    letters) reads numbers of one country as they are dialled there. `answer`: `text` or `json` in
    our response, `send` as a message of its own, or none.
    """

    proof: Proof
    sender: Place
    text: Place
    id: Place
    numbers: Literal["international", "digits"] = "international"
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    answer: Literal["text", "json", "send", "none"] = "send"

    @model_validator(mode="after")
    def _provable(self) -> "Inbound":
        if self.proof.kind == "signed_path":
            raise ValueError(
                "signed_path proves receipts only, its address is another for each message:"
                " use token, basic or hmac"
            )
        return self


class HttpGateway(_Part):
    """One gateway. `url` and `path` make its address; `fields_ucs2` are added for a text that
    does not fit the GSM 7 bit alphabet. `ca_file` trusts its own certificate. It carries so many
    `segments_per_second` (None: nothing is held back here) for numbers that begin with one of
    `prefixes`, or for all.
    """

    name: Name
    url: str
    plain_http: bool = False
    ca_file: str | None = None
    path: str = ""
    method: Literal["POST", "GET"] = "POST"
    headers: Mapping[HeaderName, str] = {}
    basic_auth: tuple[str, str] | None = None
    body: Literal["json", "form", "query"] = "json"
    fields: Mapping[str, Any] = {}
    fields_ucs2: Mapping[str, Any] = {}
    escape: Mapping[Annotated[str, StringConstraints(min_length=1, max_length=1)], str] = {}
    sender: str = ""
    segments_per_second: Annotated[float, Field(gt=0)] | None = None
    at_once: Annotated[int, Field(ge=1, le=500)] = 16
    prefixes: tuple[Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{0,6}$")], ...] = ()
    least_valid_seconds: Annotated[int, Field(ge=1)] = 1
    most_valid_seconds: Annotated[int, Field(le=LONGEST_VALIDITY)] = LONGEST_VALIDITY
    answers: Answers = Answers()
    look_up: LookUp | None = None
    receipts: Receipts | None = None
    inbound: Inbound | None = None

    @model_validator(mode="after")
    def _speakable(self) -> "HttpGateway":
        _check_address(self.url, plain_http=self.plain_http)
        _check_words(self.fields, "fields")
        _check_words(self.fields_ucs2, "fields_ucs2")
        for where, template in self._impersonal():
            _check_words(template, where)
            if said := PERSONAL & set(placeholders(template)):
                raise ValueError(
                    f"{where} holds {{{min(said)}}}, which proxies write down: move it to fields"
                )
        missing = [word for word in ("text",) if word not in set(placeholders(self.fields))]
        if missing or not {"to", "to_digits"} & set(placeholders(self.fields)):
            raise ValueError("fields must hold {text} and {to} (or {to_digits})")
        if self.body != "json" and not all(isinstance(v, str) for v in self.fields.values()):
            raise ValueError(f"fields of a {self.body} are texts: put each value in quotes")
        if self.method == "GET" and self.body != "query":
            raise ValueError("a GET has no body: write body: query")
        return self

    @model_validator(mode="after")
    def _one_id(self) -> "HttpGateway":
        """A receipt counts only if it names the message as the answer to the post did."""
        if self.receipts and (self.answers.id is None) != (self.receipts.id is None):
            raise ValueError(
                "answers.id and receipts.id go together: a receipt must name the message by the"
                " id that the answer gave; give both, or neither"
            )
        if self.look_up and (self.answers.id is None) != (self.look_up.id is None):
            raise ValueError("answers.id and look_up.id go together: give both, or neither")
        if self.look_up and not _REFERENCE & set(placeholders(self.look_up.path)):
            raise ValueError("look_up.path must hold {reference} or {short_reference}")
        return self

    def _impersonal(self) -> Iterator[tuple[str, Any]]:
        yield from (("url", self.url), ("path", self.path), ("headers", dict(self.headers)))
        yield "basic_auth", list(self.basic_auth or ())
        yield "look_up.path", self.look_up.path if self.look_up else ""

    def secrets(self) -> frozenset[str]:
        """The environment variables that it needs, those of its webhooks included."""
        texts = [self.fields, self.fields_ucs2, *(template for _, template in self._impersonal())]
        named = {secret_name(word) for text in texts for word in placeholders(text)}
        hooks = [part.proof.secret for part in (self.receipts, self.inbound) if part]
        return frozenset(name for name in (*named, *hooks) if name)


_REFERENCE = {"reference", "short_reference"}
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


def parse_gateway(given: Mapping[str, Any], where: str) -> HttpGateway:
    """A gateway from plain data; raises ChannelNotReady with a line for each problem."""
    try:
        return HttpGateway.model_validate(given)
    except ValidationError as error:
        lines = [_line(where, problem) for problem in error.errors(include_input=False)]
    raise ChannelNotReady("\n".join(lines))


def _line(where: str, problem: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in problem["loc"])
    what = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        what = "nobody knows this field: take it out, or see docs/how-to/add-a-gateway.md"
    elif problem["type"] == "missing":
        what = "is missing: add it"
    return f"{where}{', ' if place else ''}{place}: {what}"


def _check_address(url: str, *, plain_http: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(parts.netloc):
        raise ValueError("url must be an address like https://gateway.example.org, without a name")
    if parts.query or parts.fragment:
        raise ValueError("url has a ? or a #: put fields under fields")
    if parts.scheme == "http" and not plain_http and parts.hostname not in ("127.0.0.1", "::1"):
        raise ValueError(
            "url is http: numbers and texts would travel in the open. Use https, or write"
            " plain_http: true where the line to the gateway is your own"
        )


def _check_words(template: Any, where: str) -> None:
    unknown = [word for word in placeholders(template) if not is_known(word)]
    if unknown:
        known = ", ".join(f"{{{word}}}" for word in WORDS)
        raise ValueError(
            f"{where} holds {{{unknown[0]}}}, which is no placeholder: use {known} or"
            " {secret:NAME} with NAME in capitals"
        )
