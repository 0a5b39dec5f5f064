"""Hold the documentation to the code: commands, flags, settings, JSON fields, links and snippets."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bunko.cli.parser import build_parser
from bunko.settings import known_names
from tests import doc_tables
from tests.reading_processes import CAN_FORK
from tests.started import command_in
from tests.support import THOROUGH, make_library

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
SKIP_PARTS = (".bunko", "node_modules")
PAGES = [page for page in PAGES if not any(part in SKIP_PARTS for part in page.parts)]
TIMEOUT_S = 280
# All pages would take the starter embedder half a minute, for each page whose snippets ask them.
PAGES_TO_ASK = ("getting-started.md", "settings.md")

LIBRARIES = {
    "town/port.txt": "The port of Hest has 9,800 people. Its mayor is Jon Aker.\n",
    "town/town.txt": "The town of Varn has 4,210 people. Its mayor is Ilse Maar.\n",
    "town/mill.md": "# The mill\n\nAda Lind built the mill in 1911. The mayor of Varn opened it.\n",
    "reports/mill.txt": "The mill was built in 1803. Its wheel was taken away in 1951.\n",
    "reports/garden.md": "# The garden\n\nThe apple trees were planted in 1987 by Ada Whitlock.\n",
    "報告書/水車小屋.txt": "水車小屋は1803年に建てられた。水車は1951年に取り外された。\n",
}


# --- what the pages hold -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    language: str
    mark: str
    """"", "models" or "skip"."""
    text: str
    line: int


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    lines = read(page).split("\n")
    begin, info = -1, ""
    for n, line in enumerate(lines):
        if begin < 0 and re.fullmatch(r"```\w+(?: \w+)?", line):
            begin, info = n, line.removeprefix("```")
        elif begin >= 0 and line == "```":
            language, _, mark = info.partition(" ")
            found.append(Block(language=language, mark=mark, text="\n".join(lines[begin + 1 : n]), line=begin + 1))
            begin = -1
    assert begin < 0, f"{page.name}: the block in line {begin + 1} is never closed"
    return found


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"(?ms)^```\w.*?^```$", "", read(page))


def section(page: Path, heading: str) -> str:
    text = prose(page)
    found = re.search(rf"(?ms)^(#+) {re.escape(heading)}$\n(.*?)(?=^#{{1,6}} |\Z)", text)
    assert found, f"{page.name} has no section {heading!r}"
    return found[2]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, without heads and rules."""
    found = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in found]
    return [row for n, row in enumerate(cells) if not set(row[0]) <= set("-: ") and not _is_head(cells, n)]


def _is_head(cells: list[list[str]], n: int) -> bool:
    return n + 1 < len(cells) and bool(cells[n + 1][0]) and set(cells[n + 1][0]) <= set("-: ")


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


# --- the parser --------------------------------------------------------------------------------------------------


def commands() -> dict[str, argparse.ArgumentParser]:
    return dict(doc_tables.commands())


def flags(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return the option strings of a command, each as the documentation writes it: with its value's name."""
    return {
        option: f"{option} {action.metavar}" if action.metavar else option
        for action in parser._actions
        for option in action.option_strings
        if option not in ("-h", "--help")
    }


COMMANDS_PAGE = ROOT / "docs" / "commands.md"


def test_every_command_has_a_section_and_none_is_invented() -> None:
    documented = set(re.findall(r"(?m)^## `bunko ([^`]+)`$", prose(COMMANDS_PAGE)))
    assert documented == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_usage_of_a_command_names_its_arguments(name: str) -> None:
    usages = [block.text for block in blocks(COMMANDS_PAGE) if block.language == "text"]
    usage = next(text for text in usages if re.match(rf"bunko {name}(?= |$)", text))
    positionals = [action for action in commands()[name]._actions if not action.option_strings]
    wanted = [_usage(action) for action in positionals]
    assert usage == " ".join(["bunko", name, *wanted])


def _usage(action: argparse.Action) -> str:
    return f"[{action.metavar}]" if action.nargs == "?" else str(action.metavar)


def test_every_flag_is_documented_with_its_commands_and_none_is_invented() -> None:
    documented: dict[str, set[str]] = {}
    for names, where, _ in rows(section(COMMANDS_PAGE, "Flags")):
        for flag in code(names):
            documented[flag] = set(commands()) if where == "all" else set(where.split(", "))
    actual: dict[str, set[str]] = {}
    for name, parser in commands().items():
        for flag in flags(parser).values():
            actual.setdefault(flag, set()).add(name)
    assert documented == actual


def test_every_setting_is_documented_and_none_is_invented() -> None:
    text = prose(ROOT / "docs" / "settings.md").partition("\n## All settings\n")[2]
    assert [code(row[0])[0] for row in rows(text)] == list(known_names_in_order())
    assert all(row[2] for row in rows(text))


def known_names_in_order() -> Iterator[str]:
    top = [name for name in known_names() if "." not in name]
    yield from [*top, *(name for name in known_names() if "." in name)]


# --- tables made from the code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", doc_tables.pages(), ids=lambda page: page.name)
def test_the_generated_tables_are_up_to_date(page: Path) -> None:
    assert read(page) == doc_tables.with_tables(read(page)), "run: python -m tests.doc_tables"


def test_every_table_of_fields_is_there() -> None:
    written = "".join(read(page) for page in doc_tables.pages())
    assert set(doc_tables.TABLES) == set(re.findall(doc_tables.MARK, written))


# --- links and names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_file_names_lead_somewhere(page: Path) -> None:
    text = prose(page)
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            missing.append(target)
    named = re.findall(r"(?:src/bunko|tests|docs|benchmarks)/[\w./-]*", " ".join(code(text)))
    missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#{1,6} (.+)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_place_of_somebodys_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.~])/(?:work|root|tmp|home|Users)/|\.\./shared", read(page))


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+\.md)", prose(page)):
            if not re.match(r"https?:", target) and (page.parent / target).is_file():
                todo.append((page.parent / target).resolve())
    assert {page.resolve() for page in PAGES} <= seen


def test_the_list_of_decisions_names_every_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    headings = {page.name: read(page).partition("\n")[0] for page in folder.glob("[0-9]*.md")}
    listed = re.findall(r"(?m)^\| (\d+) \| \[(.+)\]\((\S+)\) \|$", read(folder / "README.md"))
    assert [(f"# {number}: {title}", file) for number, title, file in listed] == [
        (heading, name) for name, heading in sorted(headings.items())
    ]


# --- snippets ----------------------------------------------------------------------------------------------------

_BUNKO = re.compile(r"(?:^|\||&&)\s*(?:[A-Z_]+=\S+ )*(?:\S*/)?bunko ([^|>&]*)")


def _command_lines() -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{block.line}", line)
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
        if not line.startswith("#") and _BUNKO.search(line)
    ]


@pytest.mark.parametrize(("where", "line"), _command_lines())
def test_the_commands_in_snippets_parse(where: str, line: str) -> None:
    for arguments in _BUNKO.findall(line):
        words = shlex.split(arguments, comments=True)
        if words != ["--version"]:
            build_parser().parse_args(words)  # exits where it can't


def test_blocks_have_marks_that_mean_something() -> None:
    for page in PAGES:
        for block in blocks(page):
            assert block.mark in ("", "models", "skip"), f"{page.name}:{block.line}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with pages of the documentation that answer the snippets' questions, and two small libraries."""
    (tmp_path / "docs").mkdir()
    for name in PAGES_TO_ASK:
        shutil.copy(ROOT / "docs" / name, tmp_path / "docs")
    for name, text in LIBRARIES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


_BEFORE_SCRIPTS: list[str] = []
"""Where PATH leads first."""


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BUNKO_")}
    if cache := os.environ.get("BUNKO_CACHE_DIR"):
        kept["BUNKO_CACHE_DIR"] = cache
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "PATH": os.pathsep.join([*_BEFORE_SCRIPTS, scripts, os.environ.get("PATH", "")]),
        "BUNKO_CONFIG": str(folder / "no-config.toml"),
        "PYTHONUTF8": "1",
    }


def _run(command: list[str], folder: Path, *, where: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{where} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert "Traceback" not in done.stderr, f"{where}:\n{done.stderr[-4000:]}"


@pytest.fixture(scope="module")
def commands_that_start_in_a_moment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fork the command `bunko`: a hundred of them import the same. Pages without models start the one that is there."""
    if not CAN_FORK or THOROUGH:
        yield
        return
    place = tmp_path_factory.mktemp("bin")
    with pytest.MonkeyPatch.context() as patch, command_in(place, _environment(place)):
        patch.setattr(f"{__name__}._BEFORE_SCRIPTS", [str(place)])
        yield


def _run_shell(page: Path, folder: Path, *, mark: str) -> None:
    for block in blocks(page):
        if block.language == "sh" and block.mark == mark:
            _run(["sh", "-e", "-c", block.text], folder, where=f"{page.name}:{block.line}")


def _run_python(page: Path, folder: Path, *, marks: tuple[str, ...]) -> None:
    program = "\n".join(block.text for block in blocks(page) if block.language == "python" and block.mark in marks)
    (folder / "snippets.py").write_text(program, encoding="utf-8")
    _run([sys.executable, "snippets.py"], folder, where=page.name)


def _pages_with(language: str, mark: str) -> list[Path]:
    return [page for page in PAGES if any((b.language, b.mark) == (language, mark) for b in blocks(page))]


def _name(page: object) -> str:
    return page.name if isinstance(page, Path) else str(page)


needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="the snippets are written for a POSIX shell")


@needs_sh
@pytest.mark.parametrize("page", _pages_with("sh", ""), ids=_name)
def test_shell_snippets_run(page: Path, folder: Path) -> None:
    _run_shell(page, folder, mark="")


@pytest.mark.parametrize("page", _pages_with("python", ""), ids=_name)
def test_python_snippets_run(page: Path, folder: Path) -> None:
    _run_python(page, folder, marks=("",))


@needs_sh
@pytest.mark.models
@pytest.mark.usefixtures("commands_that_start_in_a_moment")
@pytest.mark.parametrize("page", _pages_with("sh", "models"), ids=_name)
def test_shell_snippets_run_with_the_starter_models(page: Path, folder: Path) -> None:
    _run_shell(page, folder, mark="models")


@pytest.mark.models
@pytest.mark.parametrize("page", _pages_with("python", "models"), ids=_name)
def test_python_snippets_run_with_the_starter_models(page: Path, folder: Path) -> None:
    _run_python(page, folder, marks=("", "models"))


# --- the sample of the README ------------------------------------------------------------------------------------


@pytest.mark.models
def test_the_first_command_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """All but the times, counts and shares, which change with the machine and with the documentation."""
    first = next(block for block in blocks(ROOT / "README.md") if block.language == "sh")
    sample = next(block for block in blocks(ROOT / "README.md") if block.language == "text")
    words = shlex.split(first.text.rpartition("/bin/")[2])
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns(".bunko"))
    done = subprocess.run(
        [sys.executable, "-m", "bunko", *words[1:]],
        cwd=tmp_path,
        env=_environment(tmp_path) | {"COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    _end_background(tmp_path)
    assert done.returncode == 0, done.stdout
    assert _unmeasured(done.stdout.splitlines()) == _unmeasured(sample.text.splitlines())


def _end_background(folder: Path) -> None:
    """End the process that makes the rest of the index: it would compute beside other tests for minutes."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "bunko.cli.background" in process.cmdline() and process.cwd() == str(folder):
                process.kill()


def _unmeasured(lines: list[str]) -> list[str]:
    """Return the lines that are there in any case, without what is measured and counted."""
    text = "\n".join(line for line in lines if line.strip())
    text = re.sub(r"`\S+(?: -m |/bin/)bunko ", "`bunko ", text)  # as the program was started
    text = re.sub(r"(?m)^.* = .* (?:tokens read .*|was not asked)$", "TIMES", text)
    return re.sub(
        r"\b\d[\d,.]*\b(?= (?:documents|s\b|passages|quoted|searched|added)|%| \w+ cited)", "N", text
    ).splitlines()


def test_the_documentation_is_read_without_failures(tmp_path: Path) -> None:
    """What a first question to it would report: files that can't be read, and places that are not text."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns(".bunko"))
    report = make_library(tmp_path / "docs").sync()
    assert not report.failed and not report.left_out and not report.notes
    assert report.documents == sum(page.name != "first-questions.md" for page in (ROOT / "docs").rglob("*.md"))
