"""A template says things and does nothing: known ways out of a Jinja sandbox, one by one.

What a template costs is not limited but for `range`: only an office writes its own.
"""

from pathlib import Path

import pytest

from carealert.adapters.texts.check import ANSWERS
from carealert.services.ports.text import TemplateProblem
from tests.support.drafts import a_care_draft, a_composer, somebody, text_of

#: Ways to reach code or files from a template; CANARY is a file that must not come to be, SECRET
#: one that must not be read.
WAYS_OUT = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ tag.__class__.__base__.__subclasses__() }}",
    "{{ tag.__init__.__globals__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ (tag|attr('__class__')).__mro__ }}",
    "{{ [tag]|map(attribute='__class__')|list }}",
    "{{ '{0.__class__}'.format(tag) }}",
    "{{ '{0.__class__.__mro__}'.format(tag) }}",
    "{{ '{a.__class__}'.format_map({'a': tag}) }}",
    "{{ '%s'|format(tag.__class__) }}",
    "{{ lipsum.__globals__['os'].popen('touch CANARY').read() }}",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ joiner.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ namespace.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.environment }}",
    "{{ self.opening.__func__.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ __import__('os').system('touch CANARY') }}",
    "{{ open('SECRET').read() }}",
    "{{ eval('1') }}",
    "{% import 'os' as os %}{{ os.system('touch CANARY') }}",
    "{% from 'os' import system %}",
    "{% include 'SECRET' %}",
    "{% include '../../../SECRET' %}",
    "{% include 'default:../../../../etc/hostname' %}",
    "{% extends 'SECRET' %}",
    "{% set x = tag.__class__ %}{{ x }}",
    "{% for c in ().__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}",
    "{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "{{ actions.append('more') }}",
    "{{ numbers.update({'people': 1}) }}",
    "{{ numbers.clear() }}",
    "{{ range(10 ** 9)|list }}",
    "{{ tag.encode.__self__.__class__ }}",
    "{{ actions.__iter__.__class__ }}",
    "{{ (1).__class__.__bases__ }}",
    "{{ dict.__subclasses__() }}",
    "{{ g }}",
]


def _tried(folder: Path, name: str, way: str) -> str:
    """What came of it: the text, or the sentence that refused it."""
    secret, canary = folder / "SECRET", folder / "CANARY"
    secret.write_text("the crown jewels")
    path = folder / "sms" / "en" / f"{name}.txt.j2"
    path.parent.mkdir(parents=True)
    path.write_text(way.replace("SECRET", str(secret)).replace("CANARY", str(canary)))
    composer = a_composer(folder)
    try:
        if name in ANSWERS:
            said = composer.answer(name, "en").body
        else:
            said = text_of(composer, a_care_draft(somebody("Nani"))).body
    except TemplateProblem as problem:
        said = f"refused: {problem}"
    assert not canary.exists()
    return said


@pytest.mark.parametrize("name", ["care_alert", "stopped"])
@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_out_of_the_sandbox(tmp_path: Path, way: str, name: str) -> None:
    said = _tried(tmp_path, name, way)
    assert said.startswith("refused: ") or said in ("", "[Undefined]")
    for told in ("crown jewels", "<class", "<module", "<function", "<built-in", "0x"):
        assert told not in said


def test_the_same_try_tells_where_a_harmless_template_goes_through(tmp_path: Path) -> None:
    assert _tried(tmp_path, "care_alert", "{{ tag }}: {{ hazard }}") == "CareAlert: FLOOD"


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_name_is_never_run_as_a_template(way: str) -> None:
    """Labels come from a register that anybody may have filled in."""
    body = text_of(a_composer(), a_care_draft(somebody(way))).body
    assert body.startswith("CareAlert: FLOOD. Move to high ground now.")
    assert "<class" not in body
