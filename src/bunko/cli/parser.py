"""The commands and their flags. In: nothing. Out: a parser. Loads nothing heavy: `--help` prints what is here."""

from __future__ import annotations

import argparse

import bunko
from bunko.askable import SETTINGS
from bunko.cli.command_parser import CommandParser
from bunko.cli.flags import (
    add_command,
    common_flags,
    engine_flags,
    folder_argument,
    generation_flags,
    model_flags,
    reading_flags,
    retrieval_flags,
    scope_flags,
    setting_flags,
    sync_flags,
)
from bunko.cli.more_commands import add_more_commands, show_help

_ALONE = ("--no-rag", "--without-documents")

_EXAMPLES = """\
examples:
  bunko ask reports "Who approved the budget?"  an answer with its sources
  bunko ask --no-rag "Write a poem about cats"  the model alone
  bunko search reports "budget 2024"            passages only, no model
  bunko chat reports                            a conversation
  bunko eval reports questions.jsonl            how good the answers are
  bunko models list                             models to choose from
  bunko help ask                                the flags of a command

Documentation: the docs/ folder; start with docs/getting-started.md
"""


def build_parser() -> CommandParser:
    """Return the parser for all commands."""
    parser = CommandParser(
        prog="bunko",
        description="Ask a folder of documents, on your own machine, with a local language model.",
        epilog=_EXAMPLES,
    )
    parser.add_argument("-V", "--version", action="version", version=f"bunko {bunko.__version__}")
    show_help(parser, about="")
    commands = parser.add_commands(metavar="COMMAND")
    _add_asking(commands)
    _add_library(commands)
    _add_serving(commands)
    _add_evaluation(commands)
    _add_models(commands)
    _add_mcp(commands)
    _add_prompts(commands)
    doctor = add_command(
        commands, "doctor", "check this machine and the installation, with a cure for each problem", "doctor:run"
    )
    doctor.add_argument("folder", metavar="FOLDER", nargs="?", help="also check this folder's index")
    doctor.add_argument(
        "--store", metavar="PATH", help="where the index is; default: FOLDER/.bunko; s3://…: also try that store"
    )
    common_flags(doctor)
    model_flags(doctor)
    _add_bench(commands)
    add_more_commands(commands, common=common_flags)
    return parser


def _add_bench(commands: argparse._SubParsersAction[CommandParser]) -> None:
    bench = add_command(
        commands, "bench", "measure this machine with a model, and what other settings would gain", "bench:run"
    )
    bench.add_argument("--quick", action="store_true", help="one size of prompt, no other settings: about 15 seconds")
    bench.add_argument(
        "--seconds",
        type=_count,
        default=0,
        metavar="N",
        help="measure for about N seconds; default: 60, with --tune 110",
    )
    bench.add_argument(
        "--tune", action="store_true", help="find the fastest parameters for the model, and use them from now on"
    )
    bench.add_argument("--embedder", metavar="NAME", help="the embedding model")
    common_flags(bench)
    model_flags(bench)


def _add_asking(commands: argparse._SubParsersAction[CommandParser]) -> None:
    ask = add_command(commands, "ask", "answer a question from the documents, with citations", "ask:run_ask")
    ask.add_argument(
        "words", nargs="+", metavar="[FOLDER] QUESTION", help="with --in or --no-rag, the question alone is enough"
    )
    ask.add_argument(*_ALONE, action="store_true", help="ask the model alone, without documents")
    ask.add_argument("--no-cache", action="store_true", help="do not reuse or keep an answer")
    ask.add_argument("--save", metavar="FILE", help="save the answer and what it was made from, for `bunko replay`")
    replay = add_command(
        commands, "replay", "answer a saved question again, and show what has changed since", "replay:run_replay"
    )
    replay.add_argument("file", metavar="FILE", help="what `bunko ask --save FILE` wrote")
    replay.add_argument("folder", metavar="FOLDER", nargs="?", help="where the library is now, if it was moved")
    search = add_command(commands, "search", "find passages, without a language model", "ask:run_search")
    search.add_argument("words", nargs="+", metavar="[FOLDER] QUERY", help="with --in, the query alone is enough")
    chat = add_command(
        commands, "chat", "hold a conversation, in which questions may refer to earlier ones", "chat:run"
    )
    chat.add_argument("folder", metavar="FOLDER", nargs="?", help="without it: chat with the model alone")
    for command in (ask, search, chat):
        command.add_argument(
            "--in",
            dest="folders",
            action="append",
            default=[],
            metavar="FOLDER",
            help="ask this folder, too; may be repeated; also the name of a set of folders in your config file",
        )
        command.add_argument(
            "--no-server", action="store_true", help="load the models here, even if a process serves the library"
        )
        common_flags(command)
        sync_flags(command)
        reading_flags(command)
        retrieval_flags(command)
        scope_flags(command)
    common_flags(replay)
    sync_flags(replay)
    replay.add_argument("--embedder", metavar="NAME", help="the embedding model")
    model_flags(replay)
    for command in (ask, chat):
        model_flags(command)
        generation_flags(command)


def _add_library(commands: argparse._SubParsersAction[CommandParser]) -> None:
    index = add_command(
        commands, "index", "bring the index in step with the folder, and report what changed", "library:run_index"
    )
    watch = add_command(commands, "watch", "keep the index in step with the folder while files change", "watch:run")
    documents = add_command(commands, "documents", "list the documents in the index", "library:run_documents")
    show = add_command(commands, "show", "print a document's extracted text", "library:run_show")
    for command in (index, watch, documents, show):
        folder_argument(command)
        common_flags(command)
        command.add_argument("--embedder", metavar="NAME", help="the embedding model")
        command.add_argument("--store", metavar="PATH", help="where the index is; default: FOLDER/.bunko")
    for command in (index, watch):
        reading_flags(command)
    index.add_argument(
        "--check", action="store_true", help="compare all of the index with its checksums, and change nothing"
    )
    index.add_argument(
        "--allow-empty", action="store_true", help="also if all or nearly all indexed files are gone: remove them"
    )
    documents.add_argument(
        "--duplicates", action="store_true", help="list those that are copies or versions of each other, in groups"
    )
    watch.add_argument("--poll", action="store_true", help="look for changes every second, as network drives need")
    show.add_argument("path", metavar="PATH", help="a path as `bunko documents` lists it")


def _add_serving(commands: argparse._SubParsersAction[CommandParser]) -> None:
    serve = add_command(
        commands, "serve", "serve a web page and an API for one or more libraries, until Ctrl-C", "serve:run"
    )
    serve.add_argument(
        "folders",
        metavar="FOLDER",
        nargs="*",
        help="folders of documents, or single documents; none: those that were made or chosen on the page",
    )
    serve.add_argument("--open", action="store_true", help="open the page in the browser")
    serve.add_argument("--host", metavar="ADDRESS", help="default: 127.0.0.1, this machine only; 0.0.0.0: all")
    serve.add_argument("--port", metavar="N", help="default: 8642; 0: any free port")
    serve.add_argument("--token", metavar="TOKEN", help="a token that requests must have; auto: make one")
    serve.add_argument("--library-token", action="append", metavar="NAME=TOKEN", help="a token for one library only")
    serve.add_argument("--allow-host", action="append", metavar="NAME", help="a host name that requests may use")
    serve.add_argument("--allow-origin", action="append", metavar="ORIGIN", help="a site whose pages may call the API")
    serve.add_argument(
        "-m",
        "--model",
        dest="models",
        action="append",
        default=[],
        metavar="NAME",
        help="may be repeated; the first is the default",
    )
    serve.add_argument("--queue", metavar="N", help="the most questions that may wait; default: 100")
    upload = serve.add_mutually_exclusive_group()
    upload.add_argument("--upload", action="store_true", default=None, help="accept uploads (default)")
    upload.add_argument("--no-upload", dest="upload", action="store_false", help="accept no uploads")
    serve.add_argument("--history", metavar="WHICH", help="off or allowed: whether the server may keep conversations")
    serve.add_argument("--log", metavar="FORM", help="text (default) or json")
    serve.add_argument("--log-contents", action="store_true", default=None, help="also log questions and answers")
    serve.add_argument("--tls-cert", metavar="FILE", help="a certificate (PEM), for HTTPS")
    serve.add_argument("--tls-key", metavar="FILE", help="its private key (PEM)")
    serve.add_argument("--store", metavar="PATH", help="where the index is, with one FOLDER; default: FOLDER/.bunko")
    serve.add_argument(
        "--read-only", action="store_true", help="serve the index at --store URL, without a folder; never change it"
    )
    serve.add_argument(
        "--cache", metavar="DIR", help="with --read-only: where the copy of the index is kept; none: no copy"
    )
    engine_flags(serve)
    common_flags(serve)
    reading_flags(serve)
    retrieval_flags(serve)
    generation_flags(serve)


def _add_evaluation(commands: argparse._SubParsersAction[CommandParser]) -> None:
    batch = add_command(
        commands, "batch", "answer every question in a file; continue where it stopped", "evaluate:run_batch"
    )
    evaluate = add_command(commands, "eval", "measure the answers to the questions in a file", "evaluate:run_eval")
    compare = add_command(
        commands, "compare", "compare several models or settings on the same questions", "evaluate:run_compare"
    )
    for command in (batch, evaluate, compare):
        folder_argument(command)
        command.add_argument("questions", metavar="QUESTIONS", help="JSONL, or one question per line")
        command.add_argument("--limit", type=_count, default=0, metavar="N", help="only the first N questions")
        command.add_argument(
            "--parallel", type=_count, default=1, metavar="N", help="N questions at once: for model servers"
        )
        common_flags(command)
        sync_flags(command)
        reading_flags(command)
        retrieval_flags(command)
        scope_flags(command)
        generation_flags(command)
    for command in (batch, evaluate):
        model_flags(command)
        command.add_argument(*_ALONE, action="store_true", help="ask the model alone, without documents")
    compare.add_argument(*_ALONE, action="store_true", help="also each model without documents")
    batch.add_argument(
        "--out", metavar="FILE", help="keep the answers, one JSON object per line; continued if it exists"
    )
    evaluate.add_argument("--out", metavar="FILE", help="keep the answers in FILE, and reuse them")
    for command in (evaluate, compare):
        command.add_argument("--report", action="append", default=[], metavar="FILE", help=".html, .md or .json")
        command.add_argument(
            "--judge", metavar="MODEL", help="a model that grades free-form answers, separately from the figures"
        )
    compare.add_argument(
        "-m", "--model", dest="models", action="append", default=[], metavar="NAME", help="may be repeated"
    )
    compare.add_argument(
        "--adapter",
        dest="adapters",
        action="append",
        default=[],
        metavar="PATH[:SCALE]",
        help="also each model with this LoRA adapter; may be repeated",
    )
    compare.add_argument(
        "--setting", action="append", default=[], metavar="NAME=V1,V2", help="try each value with each model"
    )
    compare.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="TEXT",
        help='"NAME: model=…, retrieval.mode=lexical, rag=false"',
    )
    compare.add_argument("--answers", metavar="PATH", help="keep the answers in this folder, and reuse them")
    draft = add_command(
        commands, "eval draft", "let a model draft questions about the folder's passages", "evaluate:run_draft"
    )
    folder_argument(draft)
    draft.add_argument("--out", metavar="FILE", required=True, help="the question file to write")
    draft.add_argument("-n", "--count", type=_count, default=50, metavar="N", help="how many questions; default: 50")
    draft.add_argument("--embedder", metavar="NAME", help="the embedding model")
    setting_flags(draft, [SETTINGS["generation.temperature"]])
    draft.add_argument("--seed", metavar="N", help="another seed chooses other passages")
    common_flags(draft)
    sync_flags(draft)
    reading_flags(draft)
    model_flags(draft)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _add_models(commands: argparse._SubParsersAction[CommandParser]) -> None:
    models = commands.add_parser("models", help="list, download, import, show, check, optimise and remove models")
    show_help(models, about="models")
    actions = models.add_commands(metavar="ACTION")
    listing = add_command(actions, "list", "list the models in the catalogue and on this machine", "models:run_list")
    pull = add_command(actions, "pull", "download a model, and verify it", "models:run_pull")
    show = add_command(actions, "show", "show everything known about a model", "models:run_show")
    optimise = add_command(actions, "optimise", "make a faster copy of a slow model", "models:run_optimise")
    optimise.add_argument("--undo", action="store_true", help="delete the copy")
    remove = add_command(actions, "remove", "delete a downloaded model", "models:run_remove")
    check = add_command(
        actions, "check", "show what a GGUF file is, what it needs, and which problems to expect", "checking:run_check"
    )
    check.add_argument("--run", dest="load", action="store_true", help="also load it, and measure its speed")
    check.add_argument("--gpu-layers", metavar="N", help="layers on the GPU; 0: none; -1 (default): as many as fit")
    _add_import(actions)
    for command in (pull, show, optimise, remove, check):
        command.add_argument("name", metavar="MODEL", help="a name, path, hf:, https:, pypi: or ollama: source")
    advise = add_command(
        actions, "recommend", "show which models suit this machine, and how fast they would be", "checking:run_advise"
    )
    for command in (listing, pull, show, optimise, remove, check, advise):
        common_flags(command)


def _add_mcp(commands: argparse._SubParsersAction[CommandParser]) -> None:
    mcp = add_command(commands, "mcp", "give agents tools to search, ask and read the folder (MCP)", "mcp:run")
    folder_argument(mcp)
    mcp.add_argument("--http", action="store_true", help="use HTTP on this machine instead of stdin and stdout")
    mcp.add_argument("--port", metavar="N", help="with --http; default: 8643; 0: any free port")
    mcp.add_argument("--token", metavar="TOKEN", help="with --http: a token that requests must have; auto: make one")
    common_flags(mcp)
    mcp.add_argument("--store", metavar="PATH", help="where the index is; default: FOLDER/.bunko")
    reading_flags(mcp)
    retrieval_flags(mcp)
    model_flags(mcp)
    generation_flags(mcp)


def _add_prompts(commands: argparse._SubParsersAction[CommandParser]) -> None:
    prompts = commands.add_parser("prompts", help="list, show, edit and check the prompts that models get")
    show_help(prompts, about="prompts")
    actions = prompts.add_commands(metavar="ACTION")
    listing = add_command(actions, "list", "list the prompts, and which of them you have replaced", "prompts:run_list")
    listing.add_argument("folder", metavar="FOLDER", nargs="?", help="also those for this library")
    show = add_command(actions, "show", "print a prompt, or with --rendered what a question sends", "prompts:run_show")
    show.add_argument("words", nargs="*", metavar="NAME [FOLDER]", help="with --rendered: [FOLDER]")
    show.add_argument(
        "--rendered", metavar="QUESTION", help="the prompt of this question to the folder, as the engine gets it"
    )
    edit = add_command(actions, "edit", "copy a prompt into your own, and open it in your editor", "prompts:run_edit")
    edit.add_argument("name", metavar="NAME", help="as `bunko prompts list` shows it")
    edit.add_argument("folder", metavar="FOLDER", nargs="?", help="only for this library; default: for all")
    edit.add_argument("--remove", action="store_true", help="delete your own: Bunko's is used again")
    check = add_command(
        actions, "check", "check prompts of your own; exit status 2 if one has a fault", "prompts:run_check"
    )
    check.add_argument("paths", metavar="FILE", nargs="*", help="prompts to check; default: all of your own")
    for command in (show, edit):
        command.add_argument("--language", metavar="CODE", default="en", help="en (default) or ja")
    for command in (listing, show, edit, check):
        common_flags(command)
    sync_flags(show)
    reading_flags(show)
    retrieval_flags(show)
    model_flags(show)
    generation_flags(show)


def _add_import(actions: argparse._SubParsersAction[CommandParser]) -> None:
    command = add_command(
        actions, "import", "import a model of your own: a folder, an adapter or a GGUF file", "importing:run"
    )
    command.add_argument("source", metavar="SOURCE", help="a Hugging Face folder, a LoRA adapter's folder, a GGUF file")
    command.add_argument("--name", metavar="NAME", required=True, help="its name from then on, as in --model NAME")
    command.add_argument("--quantize", metavar="KIND", default="", help="Q4_K_M (default), Q4_0, Q5_K_M, Q8_0, F16, …")
    command.add_argument("--base", metavar="FOLDER", help="an adapter's base model, if it is not found by itself")
    command.add_argument(
        "--keep-adapter", action="store_true", help="do not merge the adapter: the engine loads it at run time"
    )
    command.add_argument("--calibrate", metavar="FOLDER", help="documents to calibrate the quantisation for")
    command.add_argument("--text", metavar="FILE", help="compare with 16 bits on this text; default: a text of Bunko's")
    command.add_argument("--no-checks", dest="checks", action="store_false", help="do not test the model")
    common_flags(command)
