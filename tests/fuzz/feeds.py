"""Look for documents that the feed reader fails on: `make fuzz` (SECONDS=60).

libFuzzer changes our own samples, and the captured documents where they are present, and keeps
what reaches new lines of the reader. A finding is any exception but UnreadableDocument, an input
that takes ten seconds or a gigabyte, and a shape wider than its text. Its smallest form is printed
as base64. Everything lies in a temporary folder that is gone afterwards.
"""

import argparse
import base64
import random
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Container
from pathlib import Path
from time import monotonic

# The reader and what imports it come later: the fuzzer has to see them being imported.

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
URL = "https://met.example/feed"
LARGEST = 60_000
#: The vocabulary of the formats, in libFuzzer's notation.
WORDS = Path(__file__).with_name("words.dict")


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Fuzz for a while; exit 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carealert-fuzz-") as folder:
        found = search(Path(folder), wanted.seconds, wanted.seed)
    say(f"{found} finding(s)")
    return 1 if found else 0


def search(folder: Path, seconds: int, seed: int) -> int:
    """Run the fuzzer, which ends at a finding, until the time is over; each finding counts once."""
    say(f"{write_seeds(folder / 'corpus')} seeds, {seconds} s")
    known = folder / "known"
    known.touch()
    start, seen = monotonic(), 0
    while (left := int(seconds - (monotonic() - start))) > 0:
        done = subprocess.run(child(folder, left, seed), cwd=ROOT, check=False)
        for path in sorted(folder.glob("*-*")):
            seen += 1
            with known.open("a") as names:
                names.write(f"{report(path)}\n")
            path.unlink()
        if not done.returncode:
            break
    return seen


def child(folder: Path, seconds: int, seed: int) -> list[str]:
    """The command of the fuzzer itself."""
    return [
        *(sys.executable, "-m", "tests.fuzz.feeds", "--child", f"{folder}/known"),
        f"{folder}/corpus",
        *(f"-max_total_time={seconds}", f"-max_len={LARGEST}", f"-dict={WORDS}"),
        *(f"-artifact_prefix={folder}/", f"-seed={seed}", "-timeout=10", "-rss_limit_mb=1024"),
        *("-print_final_stats=1", "-verbosity=0"),
    ]


def write_seeds(corpus: Path) -> int:
    """Our samples and the captured documents, as files."""
    from tests.support import mutants

    corpus.mkdir()
    seeds = mutants.seeds(SHARED, "")
    for number, (_, body) in enumerate(seeds):
        Path(corpus, str(number)).write_bytes(body)
    return len(seeds)


def fuzz(known: set[str], arguments: list[str]) -> None:
    """The child: it never returns. Failures that are known already are passed over."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    with atheris.instrument_imports(include=["carealert.adapters.feeds", "carealert.domain"]):
        read = reading(known)
        from tests.support import mutants

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return mutants.of_bytes(data, chance)[:most]

    atheris.Setup([sys.argv[0], *arguments], read, custom_mutator=mutated)
    atheris.Fuzz()


def reading(known: Container[str] = ()) -> Callable[[bytes], None]:
    """Reads bytes, and lets through only what is a finding and not known."""
    from carealert.services.ports.feeds import UnreadableDocument
    from tests.support import harmless
    from tests.support.cap import reader

    feeds = reader()

    def read(body: bytes) -> None:
        try:
            harmless.check(body, feeds.read(body, URL))
        except UnreadableDocument:
            return
        except Exception as error:
            if name_of(error) not in known:
                raise

    return read


def report(path: Path) -> str | None:
    """Tell what it was, with the smallest document that still does it; where and how it failed."""
    body = path.read_bytes()
    say(f"\n{path.name}: {len(body)} bytes")
    if (name := failure(body)) is None:
        say("(a matter of time or memory, or not to be repeated)")
    else:
        body = smallest(body, name)
        try:
            reading()(body)
        except Exception:  # noqa: BLE001 - any failure is what is looked for
            traceback.print_exc(limit=-4, file=sys.stdout)
    say(f"base64 of {len(body)} bytes: {base64.b64encode(body).decode()}")
    return name


def failure(body: bytes) -> str | None:
    """Where and how reading fails, if it does."""
    try:
        reading()(body)
    except Exception as error:  # noqa: BLE001 - any failure is what is looked for
        return name_of(error)
    return None


def name_of(error: Exception) -> str:
    """What tells one failure from another: its kind and its line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {last.filename}:{last.lineno}"


def smallest(body: bytes, name: str) -> bytes:
    """Cut out whatever does not matter to the failure."""
    size = len(body) // 2
    while size:
        at = 0
        while at < len(body):
            shorter = body[:at] + body[at + size :]
            if failure(shorter) == name:
                body = shorter
            else:
                at += size
        size //= 2
    return body


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        fuzz(set(Path(sys.argv[2]).read_text().splitlines()), sys.argv[3:])
    sys.exit(main())
