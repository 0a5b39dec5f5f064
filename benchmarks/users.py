r"""Walk the paths of three users, and print what each of them sees.

usage: python benchmarks/users.py [--path terminal|python|page] [--tree OTHER/CHECKOUT] [--out FILE]

terminal  a Japanese engineer who left a notebook: commands, in Japanese
python    a developer who wants answers in a program
page      somebody in an office, in Chromium (TEST_BROWSER names it); not with --tree

The folder is made here, and is small: six files about a firm that does not exist. Each step prints what the user wants,
the command, its output as it is, the exit code, and seconds: processor time of all processes, and of the clock.
`--tree` runs the commands of another checkout, with this interpreter. The models must be in the cache.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, TextIO

REPOSITORY = Path(__file__).parent.parent
FILES = {
    "就業規則.md": "# 就業規則\n\n## 第3章 休暇\n\n年次有給休暇は、入社6か月後に10日付与する。"
    "慶弔休暇は最大5日とする。\n\n## 第4章 在宅勤務\n\n在宅勤務は週3日まで認める。"
    "申請は前日の17時までに所属長へ行う。\n",
    "議事録/2025-04-10.txt": "定例会議 議事録\n\n日時：2025年4月10日 10時から\n出席者：佐藤、鈴木、高橋\n\n"
    "サーバー移行は6月14日の深夜に実施する。担当は鈴木。費用は見積もりで240万円。\n",
    "売上.csv": "支店,月,売上,担当\n札幌,4月,120,佐藤\n仙台,4月,95,高橋\n札幌,5月,130,佐藤\n仙台,5月,88,高橋\n",
    "機器.jsonl": '{"型番": "KX-200", "設置場所": "札幌", "点検日": "2025-03-02"}\n'
    '{"型番": "KX-310", "設置場所": "仙台", "点検日": "2025-05-20"}\n',
    "handbook.md": "# Server handbook\n\n## Backups\n\nBackups run every night at 2:30 and are kept for 35 days. "
    "Ask Emi Tanaka for a restore.\n\n## Network\n\nThe office network is 10.20.30.0/24.\n",
    "contract.txt": "LEASE OF THE SENDAI OFFICE\n\nThe monthly rent is 410,000 yen, payable by the 25th. "
    "Either party may end the lease with six months' notice.\n",
}
QUESTIONS = [
    "在宅勤務は週に何日までですか。",
    "サーバー移行はいつですか。",
    "社長の年収はいくらですか。",
    "How long are backups kept?",
]
TERMINAL = [
    ("what is there?", ["bunko"]),
    ("a typo", ["bunko", "aks", "文書", "年次有給休暇は何日ですか。"]),
    ("the first question", ["bunko", "ask", "文書", "年次有給休暇は何日付与されますか。"]),
    ("one that crosses languages", ["bunko", "ask", "文書", "バックアップは何日間保存されますか。"]),
    ("what the documents don't say", ["bunko", "ask", "文書", "社長の年収はいくらですか。"]),
    ("a total over a sheet", ["bunko", "ask", "文書", "札幌支店の売上の合計はいくらですか。"]),
    ("a record of JSON Lines", ["bunko", "ask", "文書", "KX-310の設置場所はどこですか。"]),
    ("without quotation marks", ["bunko", "ask", "文書", "サーバー移行の", "担当は誰ですか。"]),
    ("my list of questions", ["bunko", "batch", "文書", "questions.txt"]),
    ("how far is the index?", ["bunko", "status", "文書"]),
    ("which models?", ["bunko", "models", "list"]),
    ("with and without documents", ["bunko", "compare", "文書", "gold.jsonl", "--without-documents"]),
]
GOLD = (
    '{"question": "在宅勤務は週に何日までですか。", "answers": ["3日", "週3日"]}\n'
    '{"question": "How long are backups kept?", "answers": ["35 days"]}\n'
)
PYTHON = [
    ("open a folder that is not there", "bunko.open('nowhere')"),
    ("open and index", "library = bunko.open('文書'); print(library.sync())"),
    ("ask", "print(library.ask('How long are backups kept?'))"),
    ("which documents?", "print(library.documents())"),
    ("a wrong setting", "bunko.open('文書', settings={'retrieval.topk': 3})"),
    ("a wrong value", "bunko.open('文書', settings={'retrieval.top_k': 'many'})"),
    ("search alone", "print(library.search('lease notice')[0].chunk.text)"),
    ("sources", "print([(c.path, c.quote) for c in library.ask('Who restores backups?').citations])"),
    ("what can't be answered", "answer = library.ask('Who painted the ceiling?'); print(answer.refused, answer)"),
    ("a conversation", "chat = library.chat(); print(chat.ask('What is the monthly rent?'))"),
    ("its next turn", "print(chat.ask('When is it payable?'))"),
    ("no index yet", "import tempfile; bunko.open(tempfile.mkdtemp()).ask('Who wrote this report?')"),
    ("events", "print([type(event).__name__ for event in library.stream('How long are backups kept?')])"),
    ("a model that is not there", "bunko.open('文書', model='gpt-5').ask('How long are backups kept?')"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", choices=("terminal", "python", "page"), default="terminal")
    parser.add_argument("--tree", type=Path, default=REPOSITORY)
    parser.add_argument("--out", type=argparse.FileType("w", encoding="utf-8"), default=sys.stdout)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bunko-users-") as place:
        here = Path(place)
        beside = {"questions.txt": "\n".join(QUESTIONS), "gold.jsonl": GOLD}
        for name, text in ({f"文書/{name}": text for name, text in FILES.items()} | beside).items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text, encoding="utf-8")
        walk = {"terminal": walk_terminal, "python": walk_python, "page": walk_page}[arguments.path]
        walk(here, arguments.tree.resolve(), arguments.out)


def walk_terminal(here: Path, tree: Path, out: TextIO) -> None:
    for wish, words in TERMINAL:
        command = [sys.executable, "-m", "bunko.cli.main", *words[1:]]
        show(out, wish, " ".join(words), ran(command, here, tree))


def walk_python(here: Path, tree: Path, out: TextIO) -> None:
    """Run the steps in one interpreter; an error is shown as Python shows it, and the next step follows."""
    steps = [f"step({wish!r}, {code!r})" for wish, code in PYTHON]
    program = (
        "import bunko, sys, time, traceback\nnames = {'bunko': bunko}\n"
        "def step(wish, code):\n"
        "    print(f'\\n## {wish}\\n\\n>>> {code}'); begin = time.process_time()\n"
        "    try: exec(code, names)\n"
        "    except Exception: traceback.print_exc(file=sys.stdout)\n"
        "    print(f'[{time.process_time() - begin:.1f} s of processor time]', flush=True)\n" + "\n".join(steps)
    )
    out.write(ran([sys.executable, "-c", program], here, tree).output)


def walk_page(here: Path, tree: Path, out: TextIO) -> None:
    from benchmarks.users_page import walk

    walk(here / "文書", out)


class Run(NamedTuple):
    output: str
    code: int
    spent: float
    """Seconds of processor time."""
    wall: float


def ran(command: list[str], here: Path, tree: Path) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "80", "LANG": "ja_JP.UTF-8"}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(done.stdout.replace(str(here), "…"), done.returncode, spent, wall)


def show(out: TextIO, wish: str, command: str, run: Run) -> None:
    out.write(f"\n## {wish}\n\n$ {command}\n{run.output.rstrip()}\n")
    out.write(f"[exit {run.code}, {run.spent:.1f} s of processor time, {run.wall:.1f} s]\n")
    out.flush()


if __name__ == "__main__":
    main()
