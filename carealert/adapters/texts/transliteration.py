"""Accents left out so that a text travels in GSM-7, where an office wants that."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from carealert.adapters.texts.files import Ignored, checked, merged
from carealert.domain.notices import Encoding
from carealert.domain.sms import encode

#: Letter -> what is written for it.
Letters = Mapping[str, str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    review_status: str
    letters: dict[Annotated[str, StringConstraints(min_length=1, max_length=1)], str]


def read_letters(folders: Sequence[Path], tag: str, ignored: Ignored) -> Letters:
    """The letters of one language; none where it has no file; raises TemplateProblem."""
    found, file = merged(folders, f"transliterations/{tag}.yaml", ignored)
    return checked(_File, found, file).letters if found else {}


def plain(text: str, letters: Letters) -> str:
    """`text` in other letters where these make it GSM-7; as it is where they are not enough."""
    if not letters or encode(text).encoding is Encoding.GSM_7:
        return text
    found = "".join(letters.get(letter, letter) for letter in text)
    return found if encode(found).encoding is Encoding.GSM_7 else text
