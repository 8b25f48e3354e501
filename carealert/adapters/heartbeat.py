"""The outside watcher: asked once a minute; its own alarm is that nobody asks."""

import logging
from collections.abc import Sequence

import urllib3

from carealert.services.ports.audit import Found

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0


class HttpHeartbeat:
    """GET where all is well; POST to `/fail` with what was found, as healthchecks.io takes it.

    What is told are words and counts: nobody outside learns about people.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT_S)

    def beat(self, found: Sequence[Found]) -> None:
        """One request; a watcher that cannot be reached is logged, and will raise its alarm."""
        try:
            if not found:
                answer = self._pool.request("GET", self._url)
            else:
                told = "\n".join(f"{one.what.value}: {one.many}" for one in found)
                answer = self._pool.request("POST", f"{self._url}/fail", body=told.encode())
        except urllib3.exceptions.HTTPError as error:
            log.warning("the heartbeat was not heard: %s", type(error).__name__)
            return
        if answer.status >= 400:
            log.warning("the heartbeat was refused: HTTP %d", answer.status)
