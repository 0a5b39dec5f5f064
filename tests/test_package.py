"""What is published: the wheel, the sdist, the workflow, the container, the site. Building them is `.ci/package`."""

from __future__ import annotations

import re
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bunko
from tests.support import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(REPOSITORY)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# The parts of .ci/run that a workflow runs on systems without bash's `sed` and `mktemp`.
SET_UP, CHECKS = (
    "python -m pip install -e . --group dev",
    ("ruff check .", "ruff format --check .", "mypy", "lint-imports"),
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def included(builder: str) -> set[str]:
    """Return the files that hatchling puts into a wheel or an sdist, by their paths in the repository."""
    hatchling = pytest.importorskip(f"hatchling.builders.{builder}", reason="needs hatchling: pip install --group dev")
    kind = {"wheel": "WheelBuilder", "sdist": "SdistBuilder"}[builder]
    found = getattr(hatchling, kind)(str(ROOT)).recurse_included_files()
    return {Path(file.path).relative_to(ROOT).as_posix() for file in found}


def tracked() -> set[str]:
    """Return what git has; in an unpacked sdist, which has no git, what the folder has."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs the repository of git")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}


def test_the_sdist_has_everything_that_its_tests_need() -> None:
    assert tracked() - included("sdist") <= {".gitignore"}


def test_the_wheel_has_every_file_of_the_package_and_nothing_else() -> None:
    wheel = included("wheel")
    assert {name for name in tracked() if name.startswith("src/bunko/")} <= wheel
    assert {name for name in wheel if not name.startswith("src/bunko/")} == set()
    for name in ("index.html", "page.css", "app.js", "vendor/katex.min.js", "strings.ja.js"):
        assert f"src/bunko/server/page/{name}" in wheel


def test_the_version_stands_in_two_places_and_is_the_same() -> None:
    assert PROJECT["project"]["version"] == bunko.__version__


def test_the_readme_has_the_order_of_a_product() -> None:
    readme = text_of("README.md")
    before, _, rest = readme.partition("\n![")
    assert before.startswith("# Bunko")
    assert len([line for line in before.splitlines() if line.strip()]) == 2  # the name, one sentence
    headings = re.findall(r"(?m)^## (.+)$", rest)
    assert headings == [
        "Install",
        "Three commands",
        "From Python",
        "Compared with alternatives",
        "Documentation",
        "Licence",
    ]
    commands = re.findall(r"(?ms)^```sh skip\n(.*?)^```", readme)
    install = "python3 -m venv .venv && .venv/bin/pip install --no-compile . && "
    assert commands[0].startswith(install + ".venv/bin/bunko ask docs ")
    assert len(commands[0].splitlines()) == 1
    assert commands[1].startswith("python3 -m venv .venv && .venv/bin/pip install --upgrade pip && ")
    assert len(commands[2].splitlines()) == 3
    assert readme.count("docs/decisions/") == 1


def test_pictures_are_small_and_each_is_shown() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < 150_000, picture.name
        assert f"pictures/{picture.name}" in shown, picture.name
    assert "pictures/" in text_of("docs/.bunkoignore")


def test_the_workflow_runs_the_parts_of_ci_on_three_systems() -> None:
    run, workflow = text_of(".ci/run"), text_of(".github/workflows/checks.yml")
    for system in ("ubuntu", "macos", "windows"):
        assert f"os: {system}-latest" in workflow
    assert "- run: .ci/run" in workflow
    assert SET_UP in workflow
    for check in CHECKS:
        assert f'"$bin/{check}"' in run
        assert re.search(rf"(?m)^ +{re.escape(check)}$", workflow)
    for script in re.findall(r"(?<![\w/])\.ci/\w+", workflow):
        assert (ROOT / script).stat().st_mode & stat.S_IXUSR or sys.platform == "win32", script


def test_the_container_has_what_the_program_needs_and_no_root() -> None:
    dockerfile, ignored = text_of("Dockerfile"), text_of(".dockerignore")
    copied = [words for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", dockerfile) for words in line.split()[:-1]]
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name
    assert re.search(r"(?m)^USER bunko$", dockerfile)
    assert dockerfile.index("USER bunko") < dockerfile.index("ENTRYPOINT")
    assert "127.0.0.1:8642:8642" in text_of("compose.yaml")
    volumes = re.findall(r'"(/\w+)"', re.findall(r"(?m)^VOLUME .+$", dockerfile)[0])
    assert all(f":{volume}" in text_of("compose.yaml") for volume in volumes)


def test_every_page_is_on_the_site() -> None:
    site = text_of("mkdocs.yml")
    pages = {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")}
    named = set(re.findall(r"[\w/-]+\.md", site.partition("\nnav:\n")[2]))
    assert named == {page for page in pages if not re.match(r"decisions/0", page)}


def test_pages_of_the_site_have_plain_fences_and_no_link_out_of_the_docs() -> None:
    prepare = runpy.run_path(str(ROOT / ".ci" / "site.py"))

    class Page:
        class file:  # noqa: N801 (as MkDocs names it)
            src_uri = "decisions/017.md"

    class Config:
        repo_url = ""

    text = "```sh models\nls\n```\n[a](../../examples/a.md), [b](../models.md#x), [c](016.md)"
    shown = prepare["on_page_markdown"](text, page=Page, config=Config, files=[])
    assert shown == "```sh\nls\n```\na, [b](../models.md#x), [c](016.md)"
    Config.repo_url = "https://host.example/bunko"
    shown = prepare["on_page_markdown"](text, page=Page, config=Config, files=[])
    assert "[a](https://host.example/bunko/blob/main/examples/a.md)" in shown
