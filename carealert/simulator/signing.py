"""Signed form posts, as Twilio sends them to an application."""

from collections.abc import Mapping

import urllib3
from twilio.request_validator import RequestValidator

TIMEOUT_S = 10.0


def post_signed(
    pool: urllib3.PoolManager, url: str, form: Mapping[str, str], auth_token: str
) -> urllib3.BaseHTTPResponse | None:
    """Post `form` once; None where nobody answers, which a gateway has to live with."""
    signature = RequestValidator(auth_token).compute_signature(url, dict(form))
    try:
        return pool.request(
            "POST",
            url,
            fields=dict(form),
            encode_multipart=False,
            headers={"X-Twilio-Signature": signature},
            timeout=TIMEOUT_S,
            retries=False,
        )
    except urllib3.exceptions.HTTPError:
        return None


def new_pool() -> urllib3.PoolManager:
    """Connections to the application; no proxy of the environment is asked: all is loopback.

    Without the comforts of `requests`: thousands of callbacks share a processor with what they
    are to exercise.
    """
    return urllib3.PoolManager(maxsize=12)
