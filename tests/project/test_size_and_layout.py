"""The house stays small-roomed: caps on files and functions, and words that do not belong."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "carealert").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_400_lines_and_its_functions_60(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


def test_the_top_level_is_the_promised_one() -> None:
    for name in ("carealert", "rules", "templates", "db", "tests", "docs", "benchmarks", ".ci"):
        assert (ROOT / name).is_dir(), name
    for name in (
        "pyproject.toml",
        "requirements.lock",
        "docker-compose.yml",
        "Dockerfile",
        "Makefile",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
    ):
        assert (ROOT / name).is_file(), name


def test_the_lock_names_no_address_and_hashes_every_package() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    pinned = re.findall(r"^[a-z0-9][^ \n]*==[^ \n]+", text, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(pinned) > 40
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_lock_of_the_packages_on_node_does_the_same_and_nothing_of_them_runs_at_once() -> None:
    folder = ROOT / "tests" / "interop"
    wanted = json.loads((folder / "package.json").read_text())["devDependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["devDependencies"] == wanted
    assert all(packages[f"node_modules/{name}"]["version"] == at for name, at in wanted.items())
    assert len(packages) > 40
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert package["integrity"].startswith("sha512-"), name
    assert "ignore-scripts=true" in (folder / ".npmrc").read_text().splitlines()


def test_nothing_in_the_tree_looks_like_a_real_phone() -> None:
    """Phones are fictitious: +1 NPA 555-01xx (or the carrier test numbers +1 500 555 0xxx)."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        path = ROOT / name
        if path.suffix in {".py", ".csv", ".yaml", ".json", ".md", ".xml", ".txt", ".html"}:
            for number in re.findall(r"(?<![\w.])\+\d{8,15}\b", path.read_text(errors="replace")):
                assert re.fullmatch(r"\+1\d{3}55501\d\d|\+15005550\d{3}|\+1\d{3}5550\d*", number), (
                    f"{name}: …{number[-4:]}"
                )
