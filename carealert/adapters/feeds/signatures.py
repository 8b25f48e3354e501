"""XML signatures of CAP messages (W3C XML-DSIG, enveloped), checked with a feed's certificates.

A certificate is trusted because the officer gave it, so neither its issuer nor its expiry counts;
`notes_on` tells what has expired. A message is good if one signature, under one of the feed's
certificates, covers the whole of what is read from it: other signatures, and white space between
elements, are left out of account. Methods that can be forged (MD5, SHA-1) or that need a shared
secret (HMAC) are refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from itertools import product

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from carealert.adapters.feeds import wis2, xml
from carealert.adapters.feeds.reading import Document, clip
from carealert.adapters.feeds.xml import local
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.feeds import Feed, Reader, Signatures, UnreadableDocument

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
#: More on one message are not looked at: each costs work.
_MOST = 4
_BLANK = b"\xef\xbb\xbf \t\r\n"
_UTF16 = (b"\xff", b"\xfe")
_WEAK = ("SHA1", "MD5", "HMAC")
_METHODS = frozenset(m for m in SignatureMethod if not any(weak in m.name for weak in _WEAK))
_DIGESTS = frozenset(d for d in DigestAlgorithm if not any(weak in d.name for weak in _WEAK))
#: What a hostile signature makes the libraries raise.
_FAULTS = (
    SignXMLException,
    UnsupportedAlgorithm,
    etree.LxmlError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    NotImplementedError,
)

_CHANGED = "was changed after it was signed"
_OTHER = "is not signed under a certificate of this feed, or its signature was altered"
_WEAKLY = "is signed by a method that can be forged (SHA-1, MD5) or proves no sender (HMAC)"
_PARTLY = "has a signature that does not cover all that it says"
#: The most telling first, where several signatures fail in several ways.
_ORDER = (_CHANGED, _PARTLY, _OTHER, _WEAKLY)


class _DefaultNamespace(XMLVerifier):
    """For signatures in the default namespace (NAAD): libxml2 writes `xmlns=""` into the canonical
    form of such an element, where W3C's recommendation has none."""

    excise_empty_xmlns_declarations = True


_VERIFIERS = (XMLVerifier, _DefaultNamespace)


class XmlSignatures:
    """Says what is wrong with a document's signatures. Immutable; serves many threads.

    With a `reader` it is also asked whether anything was read beside the signed messages: the
    entries of an index, or messages that are written out as text in one.
    """

    def __init__(self, reader: Reader | None = None) -> None:
        self._reader = reader

    def problem(self, body: bytes, feed: Feed) -> str | None:
        """Why this document is not to be believed, in one sentence; None if nothing is wrong.

        To be asked of documents that warnings were read from: one that only points to others
        needs no signature.
        """
        if feed.signatures is Signatures.IGNORED:
            return None
        certificates: Sequence[x509.Certificate] = ()
        if feed.certificates:
            try:
                certificates = certificates_in(feed.certificates)
            except ValueError as error:
                return f"its signature cannot be checked: {error}."
        if not certificates:
            required = feed.signatures is Signatures.REQUIRED
            return "its feed requires signatures and names no certificate." if required else None
        must = feed.signatures is Signatures.REQUIRED
        try:
            messages = _messages(body)
        except UnreadableDocument as refused:
            # Without a signature it would pass as well, unless one is required.
            return f"its signature cannot be checked: it {refused.what}." if must else None
        if not messages:
            return "carries no signature, and its feed requires one." if must else None
        found = (_problem(message, certificates, must) for message in messages)
        problem = next((problem for problem in found if problem), None)
        if problem is None and must and not self._is_all(body, feed, messages):
            return f"{_PARTLY}."
        return problem

    def _is_all(self, body: bytes, feed: Feed, messages: Sequence[etree._Element]) -> bool:
        """True if every warning that is read comes from one of these messages."""
        document = Document(body, "")
        if not document.is_json and local(document.root) == "alert":
            return True
        if self._reader is None:
            return False
        signed = [
            warning
            for message in messages
            for warning in self._reader.read(etree.tostring(message), "", "cap").warnings
        ]
        return all(
            warning in signed
            for format_name in {"auto", feed.format}
            for warning in self._read(body, format_name)
        )

    def _read(self, body: bytes, format_name: str) -> Sequence[HazardWarning]:
        if self._reader is None:
            return ()
        try:
            return self._reader.read(body, "", format_name).warnings
        except UnreadableDocument:
            return ()


def certificates_in(pem: str) -> Sequence[x509.Certificate]:
    """The certificates in a text; raises ValueError with one clause for a text without any."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ValueError("the certificates of its feed are not PEM") from error


def notes_on(pem: str, now: datetime) -> tuple[str, ...]:
    """A sentence for each certificate that has expired or is not valid yet; ValueError as above."""
    found = []
    for one in certificates_in(pem):
        name = clip(one.subject.rfc4514_string())
        if now > one.not_valid_after_utc:
            found.append(f"{name} expired on {one.not_valid_after_utc:%Y-%m-%d}: ask for a new one")
        elif now < one.not_valid_before_utc:
            found.append(f"{name} is valid from {one.not_valid_before_utc:%Y-%m-%d} on")
    return tuple(found)


def _messages(body: bytes) -> list[etree._Element]:
    """Every `alert` there is, each as a document of its own; raises UnreadableDocument."""
    document = Document(body, "")
    if document.is_json:
        inside = wis2.inside(document)
        if inside is None:
            return []
        body = inside
    root = _parse(body)
    alerts = list(root.iter("{*}alert"))
    return [root] if alerts == [root] else [_alone(alert) for alert in alerts]


def _parse(body: bytes) -> etree._Element:
    """Parsed as strictly as by the readers; comments stay, for a signature may count them."""
    xml.parse(body, "")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        return etree.fromstring(body if body[:1] in _UTF16 else body.lstrip(_BLANK), parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument("", "is not in the encoding that it declares") from error


def _alone(element: etree._Element) -> etree._Element:
    copy = deepcopy(element)
    copy.tail = None
    return copy


def _problem(
    message: etree._Element, certificates: Iterable[x509.Certificate], must: bool
) -> str | None:
    """What is wrong with one message."""
    signatures = [child for child in message if child.tag == _SIGNATURE]
    if not signatures:
        return "carries no signature, and its feed requires one." if must else None
    read = _as_read(message)
    faults = set()
    for variant, certificate, verifier in product(_variants(message), certificates, _VERIFIERS):
        fault = _fault(variant, certificate, verifier, read)
        if fault is None:
            return None
        faults.add(fault)
    return next(fault for fault in _ORDER if fault in faults) + "."


def _variants(message: etree._Element) -> Iterator[etree._Element]:
    """The message as each of its signers may have seen it, the signer's own signature first.

    Who signs second signs the first signature with the rest; some put theirs before, some after.
    """
    count = sum(child.tag == _SIGNATURE for child in message)
    for own in range(min(count, _MOST)):
        others = [n for n in range(count) if n != own]
        kept = {frozenset(others), frozenset(), frozenset(n for n in others if n < own)}
        for keep in sorted(kept | {frozenset(n for n in others if n > own)}, key=sorted):
            yield _with(message, own, keep)


def _with(message: etree._Element, own: int, keep: frozenset[int]) -> etree._Element:
    """A copy with the signatures `own` and `keep` only; `own` is the first, as signxml looks."""
    copy = _alone(message)
    signatures = [child for child in copy if child.tag == _SIGNATURE]
    for number, signature in enumerate(signatures):
        if number != own and number not in keep:
            _take_out(signature)
    mine = signatures[own]
    first = next(child for child in copy if child.tag == _SIGNATURE)
    if first is not mine:
        _take_out(mine)
        mine.tail = None
        first.addprevious(mine)
    return copy


def _take_out(element: etree._Element) -> None:
    """Remove an element and leave the text behind it in its place."""
    parent, before, tail = element.getparent(), element.getprevious(), element.tail
    if parent is None:
        return
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    element.tail = None
    parent.remove(element)


def _fault(
    message: etree._Element,
    certificate: x509.Certificate,
    verifier: type[XMLVerifier],
    read: tuple[object, ...],
) -> str | None:
    """What is wrong with the message's first signature under this certificate."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,  # the key is that of the pinned certificate
        verification_time=certificate.not_valid_before_utc,
    )
    try:
        result = verifier().verify(
            message, x509_cert=certificate, validate_schema=False, expect_config=expected
        )
    except InvalidDigest:
        return _CHANGED
    except _FAULTS as error:
        return _WEAKLY if "forbidden by configuration" in str(error) else _OTHER
    if isinstance(result, list) or result.signed_xml is None:
        return _PARTLY
    return None if _as_read(result.signed_xml) == read else _PARTLY


def _as_read(element: etree._Element) -> tuple[object, ...]:
    """What a reader sees: names, attributes and trimmed texts, without this level's signatures."""
    children: list[object] = []
    texts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag != _SIGNATURE:
            children += ["".join(texts).strip(), _as_read(child)]
            texts = []
        texts.append(child.tail or "")
    children.append("".join(texts).strip())
    return (element.tag, tuple(sorted(element.attrib.items())), *children)
