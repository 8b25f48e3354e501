"""The id of a notice is the UUID v5 of its key, as it has been since the first one was stored."""

from uuid import NAMESPACE_URL, uuid5

from hypothesis import given
from hypothesis import strategies as st

from carealert.adapters.db.outbox_rows import notice_id


@given(st.text(max_size=80))
def test_an_id_is_that_of_the_standard_library(key: str) -> None:
    encodable = key.encode("utf-8", "replace").decode()
    assert notice_id(encodable) == str(uuid5(NAMESPACE_URL, f"carealert:{encodable}"))
