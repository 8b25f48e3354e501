"""The story that the demo tells, once through or for somebody who watches."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from carealert import scheduler
from carealert.adapters.db.summary import read_outcome
from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import read_caregivers, read_facilities, read_residents
from carealert.demo.boundaries import read_boundaries
from carealert.demo.placing import place_inside
from carealert.demo.register import read, write
from carealert.demo.replay import Captured, Folder, read_folder, rehearse
from carealert.demo.stage import Stage
from carealert.domain.warnings import HazardWarning
from carealert.paths import shipped
from carealert.services import registering
from carealert.services.ports.feeds import UnreadableDocument
from carealert.services.ports.registry import PlaceArea
from carealert.services.ports.summary import Outcome
from carealert.simulator.outside import Outside

SEED = 2605
#: Of the phones that were asked something, in a hundred: who answers 1 and who answers 2.
SAFE, HELP = 40, 6
#: Skipped after the last-but-one document of the story, so that silence has its consequences.
SILENCE = timedelta(minutes=31)


@dataclass(frozen=True, slots=True)
class Script:
    """What is played: documents in order, and the register that they meet."""

    folder: Folder
    register_folder: Path
    areas: tuple[PlaceArea, ...]


@contextmanager
def write_script(stage: Stage[Outside], warnings: Path | None) -> Iterator[Script]:
    """The shipped story, or one made of the CAP documents in `warnings`.

    For a folder of somebody else's warnings the demo's homes move into their areas. Raises
    NothingToReplay and NowhereToPlace.
    """
    demo = shipped("db") / "demo"
    areas = read_boundaries(demo / "areas")
    if warnings is None:
        yield Script(read_folder(demo / "warnings"), demo / "register", areas)
        return
    folder = read_folder(warnings)
    placed = place_inside(read(demo / "register"), _read_all(stage, folder.documents), SEED)
    with TemporaryDirectory(prefix="carealert-register-") as name:
        write(placed.register, Path(name))
        yield Script(folder, Path(name), placed.areas)


def register(stage: Stage[Outside], script: Script) -> None:
    """Import areas, people and facilities, as an office would."""
    app, now = stage.app, stage.now()
    defaults = Defaults(now, app.settings.zone, app.settings.default_language, None)
    residents = read_residents(script.register_folder / "residents.csv", defaults)
    caregivers = read_caregivers(script.register_folder / "caregivers.csv", defaults)
    facilities = read_facilities(script.register_folder / "facilities.csv", defaults)
    registering.import_areas(app.db, app.operator, script.areas, now)
    registering.import_people(app.db, app.operator, residents.items, caregivers.items, now)
    registering.import_facilities(app.db, app.operator, facilities.items, now)


def play_once(stage: Stage[Outside], script: Script, say: Callable[[str], None]) -> Outcome:
    """Publish, match, tell, answer, escalate and end; return what came of it."""
    answered: set[str] = set()
    showings = rehearse(script.folder.documents, stage.now(), timedelta(seconds=1))
    for left, showing in zip(reversed(range(len(showings))), showings, strict=True):
        before = stage.outside.message_count()
        stage.publish(showing.name, showing.body)
        stage.settle()
        say(f"{showing.name}: {stage.outside.message_count() - before} messages")
        answer_some(stage.outside, answered)
        if left == 1:  # before the last document, which ends the story
            stage.skip(SILENCE)
            stage.settle()
    stage.settle()
    return outcome(stage)


def play_live(
    stage: Stage[Outside],
    script: Script,
    pause: timedelta,
    stop: threading.Event,
    say: Callable[[str], None],
) -> None:
    """Let the real scheduler tick and publish one document after another until `stop` is set.

    The last document waits long: a Cancel that came at once would end what one looks at.
    """
    ticking = scheduler.start(stage.ticks)
    answered: set[str] = set()
    showings = rehearse(script.folder.documents, stage.now(), pause)
    try:
        for left, showing in zip(reversed(range(len(showings))), showings, strict=True):
            stage.publish(showing.name, showing.body)
            say(f"{showing.name} is on the feed")
            wait = pause * (60 if left == 1 else 1)
            if stop.wait(wait.total_seconds()):
                return
            answer_some(stage.outside, answered, share=0.5)
        stop.wait()
    finally:
        ticking.shutdown(wait=True)


def outcome(stage: Stage[Outside]) -> Outcome:
    """What the store says has happened."""
    with stage.app.engine.connect() as connection:
        return read_outcome(connection)


def answer_some(outside: Outside, answered: set[str], share: float = 1.0) -> None:
    """Let a seeded share of the phones that were asked something answer, each once.

    A phone's answer depends on its number and the seed alone, so that runs can be compared.
    """
    for number in outside.asked():
        if number in answered:
            continue
        draw = random.Random(f"{SEED}:{number}").random() * 100  # noqa: S311  not a secret
        reply = "1" if draw < SAFE * share else "2" if draw < (SAFE + HELP) * share else None
        if reply:
            answered.add(number)
            outside.reply(number, reply)


def _read_all(stage: Stage[Outside], documents: Sequence[Captured]) -> list[HazardWarning]:
    found: list[HazardWarning] = []
    for document in documents:
        try:
            found += stage.app.reader.read(document.body, document.name).warnings
        except UnreadableDocument:
            continue  # the poller will meet it, keep it and say so
    return found
