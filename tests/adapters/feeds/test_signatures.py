"""A signature is good if a pinned certificate's key made it, over all that is read."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from carealert.adapters.feeds.signatures import XmlSignatures, certificates_in, notes_on
from carealert.services.ports.feeds import Feed, Signatures
from tests.support.cap import SAMPLES, area_xml, cap_xml, reader

READER = reader()
CHECK = XmlSignatures(READER)
NOW = datetime(2026, 5, 26, tzinfo=UTC)
DS = "{http://www.w3.org/2000/09/xmldsig#}"
MISSING = "carries no signature, and its feed requires one."
CHANGED = "was changed after it was signed."
OTHER = "is not signed under a certificate of this feed, or its signature was altered."
PARTLY = "has a signature that does not cover all that it says."
WEAKLY = "is signed by a method that can be forged (SHA-1, MD5) or proves no sender (HMAC)."

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Signer:
    """An agency with a key and a certificate of its own making."""

    def __init__(self, name: str, key: Key, days: tuple[int, int] = (-10, 10)) -> None:
        self.key = key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(len(name))
            .not_valid_before(NOW + timedelta(days=days[0]))
            .not_valid_after(NOW + timedelta(days=days[1]))
            .sign(key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def sign(self, body: bytes, **options: object) -> bytes:
        """`body` with an enveloped signature at its end."""
        return etree.tostring(self.signed(etree.fromstring(body), **options))

    def signed(self, root: etree._Element, **options: object) -> etree._Element:
        kind = "ECDSA" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "RSA"
        given: dict[str, object] = {
            "method": SignatureConstructionMethod.enveloped,
            "signature_algorithm": SignatureMethod[f"{kind}_SHA256"],
            **options,
        }
        reference = str(given.pop("reference_uri", "")) or None
        signer = XMLSigner(**given)  # type: ignore[arg-type]
        secret = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return signer.sign(root, key=secret, cert=[self.certificate], reference_uri=reference)


MET = Signer("Met Service", ec.generate_private_key(ec.SECP256R1()))
HUB = Signer("National Hub", ec.generate_private_key(ec.SECP256R1()))
STRANGER = Signer("Stranger", ec.generate_private_key(ec.SECP256R1()))
CAP = cap_xml("s-1", inside=area_xml("<polygon>1,1 1,2 2,2 1,1</polygon>"))
SIGNED = MET.sign(CAP)


def feed(mode: Signatures = Signatures.REQUIRED, *signers: Signer) -> Feed:
    pinned = "".join(signer.pem for signer in signers or (MET,))
    where = "https://met.example/cap"
    return Feed("met", where, "auto", timedelta(minutes=1), signatures=mode, certificates=pinned)


def said(body: bytes, *signers: Signer) -> str | None:
    return CHECK.problem(body, feed(Signatures.REQUIRED, *signers))


def test_a_good_signature_is_good_in_every_mode() -> None:
    assert [CHECK.problem(SIGNED, feed(mode)) for mode in Signatures] == [None, None, None]


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (Signatures.IGNORED, None),
        (Signatures.CHECKED, None),
        (Signatures.REQUIRED, MISSING),
    ],
)
def test_a_missing_signature_is_missed_only_where_it_is_required(
    mode: Signatures, problem: str | None
) -> None:
    assert CHECK.problem(CAP, feed(mode)) == problem


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        (Signatures.IGNORED, None),
        (Signatures.CHECKED, CHANGED),
        (Signatures.REQUIRED, CHANGED),
    ],
)
def test_a_changed_message_is_found_wherever_signatures_are_looked_at(
    mode: Signatures, problem: str | None
) -> None:
    body = SIGNED.replace(b"Severe", b"Minor_")
    assert body != SIGNED
    assert CHECK.problem(body, feed(mode)) == problem


def test_an_element_that_was_added_is_found() -> None:
    assert said(SIGNED.replace(b"</info>", b"<headline>Run</headline></info>")) == CHANGED


def test_a_signature_under_another_certificate_is_worth_nothing() -> None:
    assert said(STRANGER.sign(CAP)) == OTHER
    assert said(SIGNED, STRANGER) == OTHER


def test_any_of_several_certificates_will_do() -> None:
    assert said(SIGNED, STRANGER, HUB, MET) is None


def test_a_signature_value_that_was_altered_is_found() -> None:
    root = etree.fromstring(SIGNED)
    value = root.find(f".//{DS}SignatureValue")
    assert value is not None
    value.text = b64encode(b"\x01" * 64).decode()
    assert said(etree.tostring(root)) == OTHER


@pytest.mark.parametrize("mode", [Signatures.CHECKED, Signatures.REQUIRED])
def test_a_wrapped_signature_over_a_hidden_copy_is_found(mode: Signatures) -> None:
    """The signed message hides where no reader looks; the signature is true, of that one."""
    inner = etree.fromstring(CAP)
    inner.set("Id", "real")
    exclusive = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    signed = MET.signed(inner, reference_uri="#real", c14n_algorithm=exclusive)
    assert said(etree.tostring(signed)) is None
    signature = signed.find(f"{DS}Signature")
    assert signature is not None
    signed.remove(signature)
    forged = etree.fromstring(cap_xml("forged"))
    etree.SubElement(forged, "{urn:hidden}place").append(signed)
    forged.append(signature)
    assert CHECK.problem(etree.tostring(forged), feed(mode)) == PARTLY


def test_words_are_compared_however_deep_they_are() -> None:
    """At the top the forged message is like the signed one, which hides further down."""
    inner = etree.fromstring(CAP)
    inner.set("Id", "real")
    exclusive = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    signed = MET.signed(inner, reference_uri="#real", c14n_algorithm=exclusive)
    signature = signed.find(f"{DS}Signature")
    assert signature is not None
    signed.remove(signature)
    forged = etree.fromstring(CAP.replace(b"Severe", b"Minor"))
    info = forged.find("{*}info")
    assert info is not None
    info.append(signed)
    forged.append(signature)
    assert said(etree.tostring(forged)) == PARTLY


def test_a_signature_over_a_part_covers_nothing_else() -> None:
    root = etree.fromstring(CAP)
    info = root.find("{*}info")
    assert info is not None
    info.set("Id", "part")
    signed = MET.signed(root, reference_uri="#part")
    assert said(etree.tostring(signed)) == PARTLY


def test_a_second_message_beside_a_signed_one_must_be_signed_too() -> None:
    both = b"<alerts>" + SIGNED + cap_xml("forged") + b"</alerts>"
    assert said(both) == MISSING
    assert said(b"<alerts>" + SIGNED + MET.sign(cap_xml("b")) + b"</alerts>") is None


def test_a_message_inside_an_envelope_is_checked_by_itself() -> None:
    envelope = b'<e xmlns="urn:envelope"><content>' + SIGNED + b"</content></e>"
    assert said(envelope) is None
    assert said(envelope.replace(b"Severe", b"Minor_")) == CHANGED


ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text/xml">%s</content>'
    b"</entry>%s</feed>"
)


def test_what_an_index_says_beside_its_signed_messages_is_not_believed() -> None:
    """A message written out as text is read as well, and nobody signed it there."""
    forged = f"<entry><content>{escape(cap_xml('forged').decode())}</content></entry>".encode()
    assert len(READER.read(ATOM % (SIGNED, forged), "x").warnings) == 2
    assert said(ATOM % (SIGNED, b"")) is None
    assert said(ATOM % (SIGNED, forged)) == PARTLY
    assert XmlSignatures().problem(ATOM % (SIGNED, b""), feed()) == PARTLY, "nobody to ask"
    assert XmlSignatures().problem(SIGNED, feed()) is None


def test_a_signed_message_inside_a_signed_message_is_not_taken_for_it() -> None:
    outside = etree.fromstring(cap_xml("outside"))
    outside.append(etree.fromstring(SIGNED))
    assert said(etree.tostring(outside)) == MISSING


def first(body: bytes) -> bytes:
    """The last signature moved before the others, as a hub does that puts its own first."""
    root = etree.fromstring(body)
    signatures = root.findall(f"{DS}Signature")
    signatures[0].addprevious(signatures[-1])
    return etree.tostring(root)


@pytest.mark.parametrize("pinned", [MET, HUB])
@pytest.mark.parametrize("order", [bytes, first])
def test_of_two_signatures_either_suffices(pinned: Signer, order: object) -> None:
    assert callable(order)
    both = order(HUB.sign(SIGNED))
    assert len(etree.fromstring(both).findall(f"{DS}Signature")) == 2
    assert said(both, pinned) is None
    assert said(both.replace(b"Severe", b"Minor_"), pinned) == CHANGED
    assert said(both, STRANGER) == OTHER


def test_white_space_behind_a_second_signature_stays_in_its_place() -> None:
    root = etree.fromstring(SIGNED)
    one = root.find(f"{DS}Signature")
    assert one is not None
    one.tail = "\n"
    both = HUB.signed(root)
    one, two = both.findall(f"{DS}Signature")
    one.tail, two.tail = None, "\n"  # the hub put its own right behind the first
    assert said(etree.tostring(both), HUB) is None


def test_two_that_signed_the_bare_message_each_count() -> None:
    root = etree.fromstring(SIGNED)
    other = etree.fromstring(HUB.sign(CAP)).find(f"{DS}Signature")
    assert other is not None
    root.append(other)
    assert said(etree.tostring(root), MET) is None
    assert said(etree.tostring(root), HUB) is None


def test_a_signature_with_an_id_that_its_schema_forbids_is_tolerated() -> None:
    """NAAD writes `Id="NAADS Signature"`: no NCName, but nothing that is read."""
    root = etree.fromstring(SIGNED)
    signature = root.find(f"{DS}Signature")
    assert signature is not None
    signature.set("Id", "NAADS Signature")
    assert said(etree.tostring(root)) is None


def test_white_space_and_comments_behind_a_signature_are_no_change_of_meaning() -> None:
    body = SIGNED.replace(b"</alert>", b"<!-- sent by the hub --></alert>")
    assert said(body) is None
    assert said(b"\xef\xbb\xbf\n" + SIGNED) is None


def test_an_expired_certificate_that_is_pinned_is_trusted_and_noted() -> None:
    old = Signer("Old Met", ec.generate_private_key(ec.SECP256R1()), (-30, -20))
    new = Signer("New Met", ec.generate_private_key(ec.SECP256R1()), (20, 30))
    for signer in (old, new):
        assert said(signer.sign(CAP), signer) is None
    assert notes_on(old.pem + new.pem + MET.pem, NOW) == (
        "CN=Old Met expired on 2026-05-06: ask for a new one",
        "CN=New Met is valid from 2026-06-15 on",
    )


def test_methods_that_can_be_forged_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(XMLSigner, "check_deprecated_methods", lambda _: None)
    agency = Signer("RSA Met", rsa.generate_private_key(65537, 2048))
    assert said(agency.sign(CAP), agency) is None
    weak = agency.sign(CAP, signature_algorithm=SignatureMethod.RSA_SHA1)
    assert said(weak, agency) == WEAKLY
    digest = agency.sign(CAP, digest_algorithm=DigestAlgorithm.SHA1)
    assert said(digest, agency) == WEAKLY


def test_hmac_under_a_public_key_is_refused() -> None:
    """The classic confusion: the certificate is public, so it must never serve as a secret."""
    body = SIGNED.replace(b"xmldsig-more#ecdsa-sha256", b"xmldsig-more#hmac-sha256")
    assert body != SIGNED
    assert said(body) == WEAKLY


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "FeatureCollection", "features": []}',
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        (SAMPLES / "jma_tsunami.xml").read_bytes(),
    ],
)
def test_what_cannot_be_signed_passes_only_where_no_signature_is_required(body: bytes) -> None:
    assert CHECK.problem(body, feed(Signatures.CHECKED)) is None
    assert CHECK.problem(body, feed(Signatures.REQUIRED)) == MISSING


@pytest.mark.parametrize("name", ["entity_bomb.xml", "external_entity.xml", "doctype_utf16.xml"])
def test_harmful_xml_is_refused_before_anything_is_computed(name: str) -> None:
    problem = said((SAMPLES / name).read_bytes())
    assert problem is not None
    assert problem.startswith("its signature cannot be checked: it declares a document type")


def test_a_document_inside_a_notification_is_checked() -> None:
    def notification(body: bytes) -> bytes:
        message = json.loads((SAMPLES / "wis2_inline.json").read_bytes())
        del message["properties"]["integrity"]
        message["properties"]["content"] = {
            "encoding": "base64",
            "value": b64encode(body).decode(),
        }
        return json.dumps(message).encode()

    assert said(notification(SIGNED)) is None
    assert said(notification(CAP)) == MISSING
    assert said(notification(SIGNED.replace(b"Severe", b"Minor_"))) == CHANGED


def test_a_feed_without_certificates_can_require_nothing() -> None:
    bare = feed()
    for pem, mode, problem in (
        (None, Signatures.CHECKED, None),
        (None, Signatures.REQUIRED, "its feed requires signatures and names no certificate."),
        ("nothing", Signatures.CHECKED, "its signature cannot be checked: the certificates"),
    ):
        other = Feed(bare.name, bare.url, "auto", bare.interval, True, False, mode, pem)
        found = CHECK.problem(SIGNED, other)
        assert (found or "").startswith(problem or "")
        assert (found is None) == (problem is None)
    with pytest.raises(ValueError, match="not PEM"):
        certificates_in("nothing")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_signed_message_that_a_reader_sees_is_good(data: st.DataObject) -> None:
    body = bytearray(SIGNED)
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    if CHECK.problem(bytes(body), feed()) is None:
        read = READER.read
        assert read(bytes(body), "x").warnings == read(SIGNED, "x").warnings


def captured(folder: Path, words: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each captured document that holds these words."""
    for path in sorted((folder / "feeds").rglob("*")):
        body = path.read_bytes() if path.is_file() else b""
        if words in body:
            yield f"{path.parent.name}/{path.name}", body


@pytest.mark.shared
def test_captured_signed_documents_are_judged_and_none_crashes(shared: Path) -> None:
    """Under a stranger's certificate none is good; SHA-1 is refused before any key is tried."""
    found = Counter[str | None]()
    for name, body in captured(shared, b"SignatureValue>"):
        problem = said(body, STRANGER)
        assert problem == (WEAKLY if b"sa-sha1" in body else OTHER), name
        found[problem] += 1
    assert found == {WEAKLY: 16, OTHER: 16}


#: What is left of real signatures: most captures were indented anew, which breaks SignedInfo.
GOOD = {"kelvinn+capparselib/CanadaNaad.xml"}
ALTERED = {
    "openbroadcaster+obplayer/2019-01-01T00_04_07_02Iurn3oid32.49.0.1.124.0322195743.2019_001.xml"
}


@pytest.mark.shared
def test_captured_documents_are_judged_under_the_certificates_they_carry(shared: Path) -> None:
    """They stand here for pinned ones, and have all expired: that is no fault."""
    for name, body in captured(shared, b"X509Certificate>"):
        carried = etree.fromstring(body.strip()).iter(f"{DS}X509Certificate")
        for one in carried:
            pinned = replace(feed(), certificates=f"{BEGIN}\n{(one.text or '').strip()}\n{END}\n")
            assert notes_on(pinned.certificates or "", NOW), name
            problem = CHECK.problem(body, pinned)
            if name in GOOD:
                assert problem is None, name
            elif b"sha1" in body:
                assert problem == WEAKLY, name
            else:
                assert problem in ((CHANGED, OTHER) if name in ALTERED else (OTHER,)), name
