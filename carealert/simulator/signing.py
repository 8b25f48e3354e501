"""Signed form posts, as Twilio sends them to an application."""

from collections.abc import Mapping

import requests
from twilio.request_validator import RequestValidator

TIMEOUT_S = 10.0


def post_signed(
    session: requests.Session, url: str, form: Mapping[str, str], auth_token: str
) -> requests.Response | None:
    """Post `form`; None where nobody answers, which a gateway has to live with."""
    signature = RequestValidator(auth_token).compute_signature(url, dict(form))
    try:
        return session.post(
            url, data=form, headers={"X-Twilio-Signature": signature}, timeout=TIMEOUT_S
        )
    except requests.RequestException:
        return None


def new_session() -> requests.Session:
    """A session that reads no proxy from the environment: everything is on the loopback."""
    session = requests.Session()
    session.trust_env = False
    return session
