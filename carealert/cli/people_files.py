"""The files of one import of people: where they are, what they hold, and what must be mended."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import Scan, Source, scan_caregivers, scan_residents
from carealert.adapters.registry.map_files import FileMap, read_map
from carealert.adapters.registry.rejects import write_rejects
from carealert.adapters.registry.rows import CaregiverRow
from carealert.cli.importing import file_in
from carealert.cli.output import Exit, fail
from carealert.cli.progress import Step
from carealert.domain.people import Resident

RESIDENTS, CAREGIVERS = "residents", "caregivers"
_NAMED = 5


@dataclass(frozen=True, slots=True)
class PeopleFiles:
    """What the named files hold, by noun."""

    scans: dict[str, Scan[Any]]

    @property
    def residents(self) -> list[Resident]:
        """The good rows of residents."""
        return self.scans[RESIDENTS].items if RESIDENTS in self.scans else []

    @property
    def caregivers(self) -> list[CaregiverRow]:
        """The good rows of caregivers."""
        return self.scans[CAREGIVERS].items if CAREGIVERS in self.scans else []

    @property
    def resident_refs(self) -> Collection[str]:
        """Refs of all rows of residents, the wrong ones too."""
        return self.scans[RESIDENTS].refs if RESIDENTS in self.scans else ()

    @property
    def errors(self) -> list[RowError]:
        """Everything that must be mended."""
        return [error for scan in self.scans.values() for error in scan.errors]

    @property
    def notes(self) -> list[str]:
        """What was understood although it was not written plainly."""
        return list(dict.fromkeys(note for scan in self.scans.values() for note in scan.notes))

    @property
    def rejected(self) -> dict[str, int]:
        """How many rows must be mended, by noun."""
        return {noun: len(scan.rejected()) for noun, scan in self.scans.items()}

    def refuse_unknown(self, refs: Iterable[str]) -> None:
        """Every row of a caregiver who cares for one of these residents is wrong."""
        unknown = frozenset(refs)
        if not unknown:
            return
        scan = self.scans[CAREGIVERS]
        columns = scan.source.columns
        name = columns.shown.get("cares_for", "cares_for") if columns else "cares_for"
        fix = "Import the residents with them or before, or mend the refs"
        for line, (_, links) in zip(scan.lines, scan.items, strict=True):
            named = [link.resident_ref for link in links if link.resident_ref in unknown]
            if named:
                more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
                spelled = f"{', '.join(named[:_NAMED])}{more}"
                what = f"names residents who are not in the register: {spelled}"
                scan.errors.append(RowError(scan.source.label, line, name, what, fix))

    def outside(self, refs: Collection[str]) -> Iterator[RowError]:
        """The rows of these refs, each as an error: they are not the officer's to import."""
        what, fix = "is of somebody outside your areas", "Leave the row out"
        for scan in self.scans.values():
            for line, item in zip(scan.lines, scan.items, strict=True):
                ref = item.ref if isinstance(item, Resident) else item[0].ref
                if ref in refs:
                    yield RowError(scan.source.label, line, "ref", what, fix)


def sources_of(
    path: Path | None, residents: Path | None, caregivers: Path | None, map_: Path | None
) -> dict[str, Source]:
    """Where the rows are, by noun; raises UnreadableSheet for a map that is wrong."""
    if path is not None and path.is_dir():
        residents = residents or file_in(path, RESIDENTS)
        caregivers = caregivers or file_in(path, CAREGIVERS)
    elif path is not None:
        if map_ is None:
            fail(
                f"Say what {path.name} holds: --residents {path.name}, --caregivers {path.name}, "
                f"or {path.name} --map MAP for a list with other headings.",
                Exit.USAGE,
            )
        residents = residents or path
    if map_ is not None:
        return _mapped(residents, caregivers, read_map(map_))
    named = {RESIDENTS: residents, CAREGIVERS: caregivers}
    return {noun: Source(file) for noun, file in named.items() if file is not None}


def _mapped(residents: Path | None, caregivers: Path | None, columns: FileMap) -> dict[str, Source]:
    found: dict[str, Source] = {}
    own, carers = columns.residents, columns.caregivers
    if residents is not None and own is not None:
        found[RESIDENTS] = Source(residents, own.sheet, own)
    file = caregivers or residents
    if file is not None and carers is not None:
        sheet = carers.sheet if file.suffix.lower() == ".xlsx" else None
        found[CAREGIVERS] = Source(file, sheet, carers, found.get(RESIDENTS))
    elif caregivers is not None:
        found[CAREGIVERS] = Source(caregivers)  # the map is about residents alone
    return found


def scan(sources: dict[str, Source], defaults: Defaults, step: Step) -> PeopleFiles:
    """Read them all."""
    found: dict[str, Scan[Any]] = {}
    for noun, source in sources.items():
        read: Callable[..., Scan[Any]] = scan_residents if noun == RESIDENTS else scan_caregivers
        label = f"reading {source.label}"
        found[noun] = read(source, defaults, lambda part, label=label: step(label, part))
    return PeopleFiles(found)


def nothing_named(path: Path | None) -> str:
    """Why there is nothing to read, in a sentence."""
    if path is None:
        return "No file: name --residents, --caregivers or a folder that holds them."
    return (
        f"{path} holds none of residents.csv, residents.xlsx, caregivers.csv and caregivers.xlsx: "
        "name your files with --residents and --caregivers."
    )


def check_rejects(sources: Mapping[str, Source], target: Path) -> None:
    """Nobody's list is written over, and the folder is there; ends the command otherwise."""
    own = {source.path.resolve() for source in sources.values()}
    for noun in sources:
        refuse_target(own, _rejects_of(noun, target, len(sources)))


def refuse_target(own: Collection[Path], target: Path) -> None:
    """End the command if the rejects would be written over a file that is read, or nowhere."""
    if target.resolve() in own:
        fail(f"--rejects would write over {target}, which is being read: name another.", Exit.USAGE)
    if not target.parent.is_dir():
        fail(f"--rejects: the folder {target.parent} does not exist.", Exit.USAGE)


def write_all_rejects(files: PeopleFiles, target: Path) -> None:
    """The rows to mend: into the file, or with two files into one beside it for each noun."""
    for noun, scanned in files.scans.items():
        write_rejects_of(scanned, _rejects_of(noun, target, len(files.scans)))


def write_rejects_of(scanned: Scan[Any], target: Path) -> None:
    """The rows to mend, in a file that only its owner may read; says so, and where."""
    try:
        many = write_rejects(scanned, target)
    except OSError as error:
        fail(f"{target} cannot be written ({error.strerror}): see --rejects.", Exit.FAILED)
    if many:
        rows = "row" if many == 1 else "rows"
        typer.echo(
            f"Wrote {many} {rows} to mend into {target}: people's own data, readable for you "
            "alone. Delete it when you are done.",
            err=True,
        )


def _rejects_of(noun: str, target: Path, many: int) -> Path:
    return target if many == 1 else target.with_name(f"{target.stem}-{noun}{target.suffix}")
