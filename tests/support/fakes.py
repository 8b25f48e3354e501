"""Stand-ins for what services ask of the edge, where the real thing is not what a test is about."""

from collections.abc import Iterable, Mapping, Sequence

from carealert.domain.notices import Encoding, Notice, NoticeDraft, Text
from carealert.services.ports.text import MoreAsked, TemplateProblem


class PlainComposer:
    """Says the template and the refs, so that a test can read what was meant."""

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        return [Notice(draft, _text(draft)) for draft in drafts]

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,
        details: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Text:
        return Text(answer or template, language, Encoding.GSM_7, 1)

    def more(self, asked: MoreAsked) -> Text:
        needs = " ".join(sorted(need.value for need in asked.needs))
        said = f"more {asked.page} {asked.wording.value} {asked.hazard.value} {needs}".rstrip()
        return Text(said, asked.language, Encoding.GSM_7, 1)


class BrokenComposer(PlainComposer):
    """Cannot write the texts of these templates."""

    def __init__(self, *templates: str) -> None:
        self.templates = templates

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        drafts = list(drafts)
        for draft in drafts:
            if draft.template in self.templates:
                raise TemplateProblem(f"templates/en/{draft.template}.txt:3: 'plase' is undefined")
        return super().compose(drafts)


def _text(draft: NoticeDraft) -> Text:
    about = ", ".join(entry.ref for entry in draft.about)
    return Text(f"{draft.template}: {about}", draft.recipient.language, Encoding.GSM_7, 1)
