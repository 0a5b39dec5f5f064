"""Which questions are about the whole folder, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunko.overview.kinds import ending_of, is_of
from bunko.overview.plan import plan_of
from bunko.overview.types import Plan

COUNT, LIST = Plan(task="count"), Plan(task="list")


def mention(*terms: str, **values: object) -> Plan:
    return Plan(task="mention", terms=terms, **values)  # type: ignore[arg-type]


ABOUT_THE_FOLDER = {
    # counting
    "How many documents are there?": COUNT,
    "how many documents": COUNT,
    "How many documents are in this folder?": COUNT,
    "How many documents do you have?": COUNT,
    "How many files are there in this library?": Plan(task="count", files=True),
    "Please count the files in the folder.": Plan(task="count", files=True),
    "What is the total number of documents?": COUNT,
    "Can you tell me how many documents there are?": None,  # told of the wording below: left to the ordinary way
    "How many documents have been indexed?": COUNT,
    "How many PDFs are there?": Plan(task="count", kind="PDF"),
    "How many PDF files do I have here?": Plan(task="count", kind="PDF"),
    "How many Word documents are in this folder?": Plan(task="count", kind="Word"),
    "How many emails are in this folder?": Plan(task="count", kind="mail"),
    "How many text files does this folder contain?": Plan(task="count", kind="text"),
    "How many documents are written in Japanese?": Plan(task="count", language="ja"),
    "文書はいくつありますか": COUNT,
    "文書はいくつありますか？": COUNT,
    "このフォルダには文書が何件ありますか。": COUNT,
    "このフォルダーの中の資料は全部で何点ありますか": COUNT,
    "ファイルは何個ありますか?": Plan(task="count", files=True),
    "ファイルの数を教えてください": Plan(task="count", files=True),
    "何件の文書がありますか": COUNT,
    "ＰＤＦファイルは何件ありますか": Plan(task="count", kind="PDF"),
    "PDFはいくつありますか": Plan(task="count", kind="PDF"),
    "日本語の文書はいくつありますか": Plan(task="count", language="ja"),
    # listing
    "List all documents.": LIST,
    "list the files": Plan(task="list", files=True),
    "Please list all the PDFs in this folder": Plan(task="list", kind="PDF"),
    "Show me a list of all documents": LIST,
    "Which documents are there?": LIST,
    "What files do you have?": Plan(task="list", files=True),
    "Give me the names of all the documents.": LIST,
    "What documents are in this folder?": LIST,
    "すべての文書を一覧にしてください": LIST,
    "文書の一覧": LIST,
    "どんな文書がありますか。": LIST,
    "全てのファイルを列挙してください": Plan(task="list", files=True),
    "このフォルダにあるPDFファイルを教えてください": Plan(task="list", kind="PDF"),
    # what could not be read
    "Which files could not be read?": Plan(task="failed", files=True),
    "Which documents failed to be indexed?": Plan(task="failed"),
    "Are there any files that couldn’t be read?": Plan(task="failed", files=True),
    "読めなかったファイルはどれですか": Plan(task="failed", files=True),
    "読み込めなかった文書はありますか": Plan(task="failed"),
    # by date and size
    "What is the newest file?": Plan(task="most", files=True),
    "Which is the largest document in this folder?": Plan(task="most", most="largest"),
    "Which file was changed last?": Plan(task="most", files=True),
    "Which file was most recently modified?": Plan(task="most", files=True),
    "一番新しいファイルはどれですか": Plan(task="most", files=True),
    "このフォルダの最も大きい文書はどれですか": Plan(task="most", most="largest"),
    # mentioning
    "Which documents mention Zelensky?": mention("Zelensky"),
    "which files mention apple trees?": mention("apple trees", files=True),
    'Which documents contain the word "harbour"?': mention("harbour"),
    "Which of the documents refer to the Treaty of Paris?": mention("Treaty of Paris"),
    "What documents talk about climate change?": mention("climate change"),
    "Which documents mention both Kobe and Osaka?": mention("Kobe", "Osaka"),
    "Which documents mention cats or dogs in this folder?": mention("cats", "dogs", join="any"),
    'Which files mention "bread and butter"?': mention("bread and butter", files=True),
    "List all documents that mention Kobe.": mention("Kobe"),
    "Find all the PDFs mentioning Kobe": mention("Kobe", kind="PDF"),
    "In which documents is Ada Whitlock mentioned?": mention("Ada Whitlock"),
    "In which files does the word tea occur?": mention("tea", files=True),
    "Do any documents mention Kobe?": mention("Kobe"),
    "Is there a document that mentions Kobe?": mention("Kobe"),
    "Is Kobe mentioned in any of the documents?": mention("Kobe"),
    "Which files contain Ada Whitlock?": mention("Ada Whitlock", files=True),
    "How many documents mention Kobe?": Plan(task="count mentions", terms=("Kobe",)),
    "In how many files is Kobe mentioned?": Plan(task="count mentions", terms=("Kobe",), files=True),
    "金閣寺に触れている文書はどれですか": mention("金閣寺"),
    "ゼレンスキーに触れているファイルはどれですか。": mention("ゼレンスキー", files=True),
    "どの文書が金閣寺に触れていますか": mention("金閣寺"),
    "どの文書に京都が出てきますか": mention("京都"),
    "「条約」という言葉を含むファイルを教えてください": mention("条約", files=True),
    "東京タワーについて書かれている文書はありますか": mention("東京タワー"),
    "京都または奈良に言及している文書を一覧にしてください": mention("京都", "奈良", join="any"),
    "「京都」と「奈良」に触れている文書はどれですか": mention("京都", "奈良"),
    "金閣寺に触れている文書はいくつありますか": Plan(task="count mentions", terms=("金閣寺",)),
    "京都が出てくる文書は何件ありますか": Plan(task="count mentions", terms=("京都",)),
    # all of it
    "What is in this folder?": Plan(task="contents"),
    "What's in here?": Plan(task="contents"),
    "What are these documents about?": Plan(task="contents"),
    "このフォルダには何がありますか": Plan(task="contents"),
    "このフォルダの中身は何ですか": Plan(task="contents"),
    "Summarise everything": Plan(task="summary"),
    "Please summarize all documents.": Plan(task="summary"),
    "Give me a summary of all the files in this folder": Plan(task="summary", files=True),
    "Summarise this folder briefly": Plan(task="summary"),
    "Summarise each document": Plan(task="summary", each=True),
    "Can you summarise every document in one sentence?": Plan(task="summary", each=True),
    "すべて要約して": Plan(task="summary"),
    "すべての文書を要約してください。": Plan(task="summary"),
    "このフォルダの内容を要約してください": Plan(task="summary"),
    "それぞれの文書を短く要約して": Plan(task="summary", each=True),
}
# What documents say of documents, files, images, summaries: it is searched for.
ORDINARY = [
    "How many documents did the Normans sign?",
    "How many documents are in the National Archives?",
    "How many documents are in the library?",
    "How many documents were signed?",
    "How many documents were leaked by Snowden?",
    "How many files did the hacker steal?",
    "How many files are there in the Epstein case?",
    "How many files were deleted in 2016?",
    "How many emails did she send?",
    "How many emails are there?",
    "How many images are there?",
    "How many books are in the library?",
    "How many pages does the document have?",
    "How many people are mentioned in the documents?",
    "How many documents does the archive contain?",
    "How many documents must a buyer sign?",
    "How many copies of the document are there?",
    "How many historical documents are there?",
    "How many times is Kobe mentioned?",
    "Which files did the hacker steal?",
    "Which documents were signed in 1066?",
    "Which documents are needed for a visa?",
    "Which documents prove that he was there?",
    "Which document mentions that he was ill?",
    "Which documents mention who built the mill?",
    "Which document first mentions Normandy?",
    "Which document mentions Normandy first?",
    "Which ancient documents mention Atlantis?",
    "Which documents mention it?",
    "Which documents contain errors?",
    "Which files contain the settings of the program when it starts?",
    "What documents did the king sign?",
    "What document is about to expire?",
    "What is the oldest document?",
    "What is the oldest document of the Normans?",
    "What is the largest file that can be read?",
    "What is in the box?",
    "What is in the folder that the spy stole?",
    "What is a document?",
    "What is this document about?",
    "What are files?",
    "What are the documents about the treaty called?",
    "Where is Atlantis mentioned?",
    "Is slavery mentioned in the constitution?",
    "Who lists all documents?",
    "List all kings of Norway.",
    "List all documents signed by the Normans.",
    "List all the countries that are mentioned.",
    "List everything that the hacker stole.",
    "Name the document that ended the war.",
    "Find the document number of the treaty.",
    "Show me the way to the harbour",
    "Summarise the treaty.",
    "Summarise the documents on the treaty.",
    "Summarise the second chapter",
    "Summarise everything that happened in 1066",
    "Summarise each of the kings' reigns",
    "Give me a summary of all documents about cats",
    "Count the ships in the harbour.",
    "Count of Monte Cristo",
    "Can documents be signed here?",
    "Why could the files not be read?",
    "Which programs could not be read by the police?",
    "documents",
    "list",
    "ノルマン人が署名した文書はいくつありますか",
    "国立公文書館の文書はいくつありますか",
    "署名された文書は何件ですか",
    "ハッカーが盗んだファイルはどれですか",
    "条約に署名したのは誰ですか",
    "条約に触れている文書を書いたのは誰ですか",
    "彼が病気だったことに触れている文書はどれですか",
    "それに触れている文書はどれですか",
    "最初に金閣寺に触れた人は誰ですか",
    "金閣寺について書かれた本はどれですか",
    "文書に署名したのは誰ですか",
    "文書とは何ですか",
    "必要な書類は何ですか",
    "申請に必要な書類はいくつありますか",
    "資料館には何がありますか",
    "図書館には何がありますか",
    "箱の中には何がありますか",
    "一番古い文書はどれですか",
    "世界で一番大きいファイルはどれですか",
    "メールは何通ありますか",
    "写真は何枚ありますか",
    "国はいくつありますか",
    "塩を含む文書はどれですか",
    "なぜ読めなかったファイルがあるのですか",
    "第二次世界大戦を要約してください",
    "すべての条約を要約してください",
    "全体の流れを要約して",
    "この条約の内容を要約して",
    "すべての王の名前を教えてください",
    "文書の一覧を作ったのは誰ですか",
    "ファイルを開く方法を教えてください",
    "",
    "   ",
    "?",
]


@pytest.mark.parametrize("question", list(ABOUT_THE_FOLDER))
def test_questions_about_the_folder_are_known(question: str) -> None:
    assert plan_of(question) == ABOUT_THE_FOLDER[question]


@pytest.mark.parametrize("question", ORDINARY)
def test_what_only_looks_like_one_is_an_ordinary_question(question: str) -> None:
    assert plan_of(question) is None


@pytest.mark.parametrize("question", list(ABOUT_THE_FOLDER))
def test_width_case_spaces_and_the_mark_at_the_end_make_no_difference(question: str) -> None:
    plan = ABOUT_THE_FOLDER[question]
    bare = question.rstrip("?.。？!")
    for form in (bare, f"  {bare} ?", f"{bare}。", bare.replace(" ", "  ")):
        assert plan_of(form) == plan
    if plan is None or not plan.terms:
        assert plan_of(bare.upper()) == plan


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    plan_of(text)


@given(
    st.sampled_from(["Which documents mention ", "どの文書が「", "summarise ", "list all ", "how many files "]),
    st.text(alphabet="abc and or the in of 'の\"は「」 ", max_size=280),
)
def test_no_text_takes_long(begin: str, text: str) -> None:
    plan_of(begin + text)


def test_a_document_is_of_the_kind_that_its_extension_says() -> None:
    assert ending_of("archive.tar.gz#notes/2024.03.md") == "md"
    assert is_of("a.PDF", "PDF")
    assert not is_of("a.pdf.txt", "PDF")


def test_an_english_question_may_name_something_japanese_and_the_other_way_round() -> None:
    assert plan_of("Which documents mention 京都?") == mention("京都")
    assert plan_of('Which documents mention "金閣寺" or "銀閣寺"?') == mention("金閣寺", "銀閣寺", join="any")
    assert plan_of("Ada Whitlockに触れている文書はどれですか") == mention("Ada Whitlock")
