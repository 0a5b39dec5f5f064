"""Completion of commands and flags, pressed in real shells."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import TAB, Terminal, needs_pty
from tests.conftest import Cli
from tests.support import REPOSITORY, environment

argcomplete = pytest.importorskip("argcomplete")

_PRESS_TAB = """
source "$SCRIPT"
COMP_LINE="$LINE"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
read -ra COMP_WORDS <<< "$COMP_LINE"; [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
function_of=$(complete -p bunko | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
"$function_of" bunko "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _programs(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `bunko` is this program."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "bunko"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bunko.cli.main "$@"\n')
    program.chmod(0o755)
    found = environment({"PATH": os.pathsep.join([str(folder), os.environ["PATH"]]), "HOME": str(tmp_path)})
    python_path = os.pathsep.join([found["PYTHONPATH"], str(Path(argcomplete.__file__).parent.parent)])
    return found | {"PYTHONPATH": python_path}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_flags_and_models(tmp_path: Path, cli: Cli) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(cli("completion", "bash").out)
    found = _programs(tmp_path) | {"SCRIPT": str(script)}

    def tab(line: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", _PRESS_TAB],
            env=found | {"LINE": line},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return [word.strip() for word in done.stdout.splitlines()]

    assert {"ask", "status", "models"} <= set(tab("bunko "))
    assert tab("bunko models rec") == ["recommend"]
    assert "--strictness" in tab("bunko ask reports --str")
    assert "smollm2-135m" in tab("bunko ask reports Q --model smol")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_takes_the_script(tmp_path: Path, cli: Cli) -> None:
    script = tmp_path / "_bunko"
    script.write_text(cli("completion", "zsh").out)
    line = f'autoload -Uz compinit && compinit -u; source "{script}"; print -r -- ${{_comps[bunko]}}'
    done = subprocess.run(["zsh", "-fc", line], capture_output=True, text=True, check=False, timeout=60)
    assert "argcomplete" in done.stdout, done.stderr


@needs_pty
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_completes_at_tab(tmp_path: Path, cli: Cli) -> None:
    script = tmp_path / "completion.zsh"
    script.write_text(cli("completion", "zsh").out)
    found = _programs(tmp_path) | {"PS1": "ready> ", "ZDOTDIR": str(tmp_path)}
    (tmp_path / ".zshrc").write_text(f'PS1="ready> "; autoload -Uz compinit && compinit -u\nsource "{script}"\n')
    with Terminal(argv=["zsh", "-i"], env=found, columns=100) as terminal:
        terminal.wait_for("ready> ")
        terminal.press("bunko models rec" + TAB)
        assert "bunko models recommend" in terminal.wait_for("recommend")
        terminal.press("\x15bunko ask reports --strictn" + TAB)  # Ctrl-U empties the line
        terminal.wait_for("--strictness")


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes_commands_flags_and_models(tmp_path: Path, cli: Cli) -> None:
    script = tmp_path / "bunko.fish"
    script.write_text(cli("completion", "fish").out)
    found = _programs(tmp_path)

    def tab(line: str) -> list[str]:
        words = ["fish", "--no-config", "-c", f"source '{script}'; complete -C '{line}'"]
        done = subprocess.run(words, env=found, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=90)
        return [word.split("\t")[0] for word in done.stdout.splitlines()]

    assert tab("bunko models rec") == ["recommend"]
    assert "--strictness" in tab("bunko ask reports --str")
    assert "smollm2-135m" in tab("bunko ask reports Q --model smol")


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="needs PowerShell")
def test_powershell_completes_commands_and_flags(tmp_path: Path, cli: Cli) -> None:
    script = tmp_path / "bunko.ps1"
    script.write_text(cli("completion", "powershell").out)

    def tab(line: str) -> list[str]:
        ask = f". '{script}'; (TabExpansion2 -inputScript '{line}' -cursorColumn {len(line)}).CompletionMatches"
        words = ["pwsh", "-NoProfile", "-Command", f"{ask} | ForEach-Object CompletionText"]
        done = subprocess.run(
            words, env=_programs(tmp_path), cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=90
        )
        return [word.strip() for word in done.stdout.splitlines()]

    assert "recommend" in tab("bunko models rec")
    assert "--strictness" in tab("bunko ask reports --strictn")


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_other_shells_have_a_script(cli: Cli, shell: str) -> None:
    outcome = cli("completion", shell)
    assert outcome.code == 0
    assert "bunko" in outcome.out
    assert "_ARGCOMPLETE" in outcome.out


def test_completion_is_installed_once(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / ".bashrc").write_text("export A=1")
    for _ in range(2):
        assert cli("completion", "bash", "--install").code == 0
    start = (tmp_path / ".bashrc").read_text()
    assert start.startswith("export A=1\n")
    assert start.count("source ") == 1
    assert (tmp_path / ".local/share/bunko/completion.bash").read_text() == cli("completion", "bash").out
    assert cli("completion", "fish", "--install").code == 0
    assert (tmp_path / ".config/fish/completions/bunko.fish").exists()
    cli("completion", "powershell", "--install").assert_clear(2, "$PROFILE")
