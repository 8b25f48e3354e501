"""A small city on the real stage: named people, a real feed, real HTTP, simulated phones."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from carealert.adapters.db.tables import feed, journal, metadata
from carealert.demo.stage import Places, Stage, open_stage_here
from carealert.domain.people import Caregiver, CareLink, CareRole, Resident
from carealert.services import registering
from carealert.services.ports.registry import PlaceArea
from carealert.simulator.outside import OutsideHere
from tests.support.actors import ADMIN


class City:
    """What a test does to the city and sees of it."""

    def __init__(self, stage: Stage[OutsideHere]) -> None:
        self.stage = stage
        self._before: dict[str, int] = {}
        self._published: list[str] = []

    def register(self, resident: Resident, *caregivers: Caregiver) -> None:
        """Register somebody with those who care for them, all in the first wave."""
        pairs = [
            (who, (CareLink(who.ref, resident.ref, "kin", CareRole.PRIMARY),)) for who in caregivers
        ]
        registering.import_people(self.stage.app.db, ADMIN, (resident,), pairs, self.stage.now())

    def publish(self, name: str, body: bytes) -> None:
        """The agency publishes; everything that follows from it happens."""
        self._published.append(name)
        self.stage.publish(name, body)
        self.stage.settle()

    def texts(self, number: str) -> list[str]:
        """What a phone received, oldest first."""
        phones = {phone.number: phone for phone in self.stage.outside.world.phones()}
        if number not in phones:
            return []
        bodies = [bubble.body for bubble in phones[number].bubbles if not bubble.mine]
        return bodies[self._before.get(number, 0) :]

    def reply(self, number: str, body: str) -> tuple[str, ...]:
        """Somebody answers; what comes back is what their screen shows."""
        shown = self.stage.outside.world.reply(number, body)
        self.stage.settle()
        return shown

    def know_areas(self, areas: Iterable[PlaceArea]) -> None:
        """Import administrative areas."""
        registering.import_areas(self.stage.app.db, ADMIN, tuple(areas), self.stage.now())

    def start_anew(self) -> None:
        """Forget everybody, every warning and every text: cheaper than a new city."""
        for name in self._published:
            self.stage.outside.board.withdraw(name, self.stage.now())
        self._published.clear()
        with self.stage.app.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table not in (feed, journal):
                    connection.execute(table.delete())
        for phone in self.stage.outside.world.phones():
            self._before[phone.number] = sum(not bubble.mine for bubble in phone.bubbles)


@contextmanager
def open_city(folder: Path, **settings: object) -> Iterator[City]:
    """A city with nobody in it yet."""
    with open_stage_here(Places(folder), **settings) as stage:
        yield City(stage)
