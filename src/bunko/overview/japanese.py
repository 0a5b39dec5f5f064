"""The forms of Japanese questions about the whole folder. Out: patterns, each with its task."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bunko.language.detection import JAPANESE_LANGUAGE_NAMES
from bunko.language.words import words
from bunko.overview.english import Terms
from bunko.overview.kinds import JAPANESE
from bunko.overview.types import Join, Most

MOST: dict[str, Most] = {
    "新しい": "newest", "最新の": "newest", "最近の": "newest", "古い": "oldest", "大きい": "largest",
    "大きな": "largest", "小さい": "smallest", "小さな": "smallest",
}  # fmt: skip
LANGUAGES = {name: code for code, name in JAPANESE_LANGUAGE_NAMES.items()}
_KINDS = "|".join(JAPANESE.values())
_NOUN = rf"(?P<noun>{_KINDS}|(?:文書|ドキュメント|資料|書類)(?:ファイル)?|ファイル)"
_FOLDER = r"(?:(?:この|私の)(?:フォルダー?|ライブラリー?|ディレクトリー?)|フォルダー?)(?:全体|の中|内|の中身)?"
_HERE = rf"(?:(?:{_FOLDER}|ここ)(?:に(?:は)?(?:ある|入っている|含まれる|含まれている)?|の|で|から)?、?)"
_ALL = r"(?:(?:すべて|全て|全部|全)の?|これらの)?"
_IN_ALL = r"(?:、?(?:全部で|全部|合計で?|全体で|全てで|すべてで|今))*"
_HOW_MANY = r"(?:いくつ|何(?:件|個|点|本|通|つ|枚|冊|ファイル))(?:くらい|ぐらい)?"
_ARE_THERE = (
    r"(?:、?(?:あり|入ってい|含まれてい|保存されてい|登録されてい)?(?:ますか|ます|ましたか)|ある(?:の|のか|か|んですか|のですか)?"
    r"|入っている(?:の|か|のですか)?|です(?:か)?|でしょうか|か)?"
)
_WHICH = r"(?:どれ|どの文書|どのファイル|どの資料|何|なに)(?:と何)?"
_IS = r"(?:です(?:か)?|でしょうか|か|になりますか|がありますか|があります|がある|ですか教えてください)?"
_PLEASE = r"(?:ください|下さい|くれ|くれますか|くださいますか|もらえますか|ほしい|欲しい|ね|いただけますか)?"
_SHOW = (
    rf"(?:(?:教え|見せ|挙げ|列挙し|一覧にし|リストにし|リストアップし|表示し|出し|並べ|探し|示し){'て'}{_PLEASE}"
    rf"|(?:一覧|リスト)(?:を(?:表示|見せ|出し|教え|作っ)(?:して|て)?{_PLEASE})?|列挙|表示|探す)"
)
# Verbs whose object is the subject of a text, before a noun and at the end.
_ABOUT = r"(?:に|について|にも|のことに)(?:触れ|ふれ|言及し|言及され|触れられ)て(?:い)?"
_WRITTEN = (
    r"(?:について|に関して|のことが|のことを)も?"
    r"(?:書かれて|書いて|述べて|述べられて|記されて|説明して|説明されて|扱って|論じて|話して)い?"
)
_OCCURS = r"[がも](?:出てく|登場す|現れ|(?:含まれて|載って|書かれて|記載されて|言及されて)い?)"
_CONTAINS = r"(?P<verb>を含(?:む|んでいる|んだ)|が入っている|が入った)"
_SPEAKS = (
    rf"(?:(?:{_ABOUT}|{_WRITTEN}|{_OCCURS})[るた]"
    rf"|に(?:触れた|ふれた|言及した|言及する|触れる)|に関する|についての|{_CONTAINS})"
)
_SPEAKS_END = (
    rf"(?:(?:{_ABOUT}|{_WRITTEN}|{_OCCURS})(?:ますか|ます|るか|る|るの|るのか|ましたか)"
    r"|[がも](?:出てき|登場し|現れ)ますか|を含みますか|を含んでいますか|を含むか|に言及しますか)"
)
_BRIEFLY = r"(?:(?:簡単に|短く|簡潔に|手短に|ざっと|一文で|それぞれ|一つずつ|ひとつずつ)、?)*"
_SUMMARISE = (
    rf"{_BRIEFLY}(?:要約(?:し(?:て{_PLEASE}|なさい)|を(?:お願いします|(?:作って|教えて|して){_PLEASE}))?"
    rf"|まとめて{_PLEASE}|概要を(?:教え|示し|作っ|書い)て{_PLEASE})"
)

# A question without any of these has none of the forms.
HINT = re.compile(
    r"文書|ドキュメント|資料|書類|ファイル|pdf|csv|epub|エクセル|excel|パワーポイント|powerpoint|json|電子書籍|フォルダ"
    r"|ライブラリ|ディレクトリ|ここ|すべて|全て|全部",
    re.I,
)
_QUOTED = re.compile(r"「([^「」]+)」|『([^『』]+)』|[\"“]([^\"“”]+)[\"”]")
_BESIDE_QUOTES = re.compile(r"または|あるいは|もしくは|および|及び|の?両方|のどちらか|のいずれか|[、,\sとやか]")
_EITHER = re.compile(r"または|あるいは|もしくは|のどちらか|のいずれか")
_WORD_ITSELF = re.compile(r"(?:という|の)(?:言葉|語|単語|語句|名前|名称|用語|文字列|表現|人名|地名)$")
_BOTH = re.compile(r"の両方$|のどちらか$|のいずれか$")
# A sentence before "に触れている", or a word that looks back, is no name.
_CLAUSE = re.compile(
    r"[一-鿿ァ-ヶー々](?:は|が|を)|[てでに]は|^(?:これ|それ|あれ|この|その|あの|何|誰|どこ|いつ|なぜ|どの|どれ|他|ほか)"
    r"|(?:こと|もの|ため|とき|時|か|かどうか|最初|最後)$"
)
_LONGEST = 30  # characters


def terms_of(x: str, *, verb: str = "") -> Terms | None:
    """Return the words or names that a document is to mention, as written; None where something else is asked.

    >>> terms_of("「金閣寺」と「銀閣寺」の両方"), terms_of("京都または奈良"), terms_of("彼が書いたこと")
    ((('金閣寺', '銀閣寺'), 'all'), (('京都', '奈良'), 'any'), None)
    """
    join: Join = "any" if _EITHER.search(_QUOTED.sub("", x)) else "all"
    itself = _WORD_ITSELF.search(x)
    x = _WORD_ITSELF.sub("", x)
    quoted = ["".join(match.groups(default="")).strip() for match in _QUOTED.finditer(x)]
    if quoted and not _BESIDE_QUOTES.sub("", _QUOTED.sub("", x)):
        return tuple(quoted), join
    both = _BOTH.search(x)
    parts = re.split(r"または|あるいは|もしくは|および|及び" + ("|と|か" if both else ""), _BOTH.sub("", x))
    parts = [part.strip("、, ") for part in parts]
    if _CLAUSE.search(x) or any(not words(part) or len(part) > _LONGEST for part in parts):
        return None
    if verb and not itself and not _is_name(x):
        return None
    return tuple(parts), join


def _is_name(x: str) -> bool:
    """Return whether a text is a foreign word or name: a file may contain it, and also "personal data"."""
    return not re.search(r"[\u3041-\u3096\u4e00-\u9fff]", x)


def _forms() -> Iterator[tuple[str, str]]:
    noun = rf"{_HERE}?{_ALL}{_NOUN}"
    yield "count", rf"{noun}(?:は|が|って){_IN_ALL}(?:{_HERE})?{_IN_ALL}{_HOW_MANY}{_ARE_THERE}"
    yield "count", rf"{_HERE}?{_IN_ALL}{_HOW_MANY}の?{_NOUN}が{_ARE_THERE}"
    yield (
        "count",
        rf"{noun}の?(?:数|件数|総数|個数)(?:は|を){_IN_ALL}(?:{_HOW_MANY}{_ARE_THERE}|教えて{_PLEASE}|数えて{_PLEASE})?",
    )
    yield "count", rf"{noun}を(?:数えて|カウントして){_PLEASE}"
    language = rf"(?P<language>{'|'.join(LANGUAGES)})"
    yield "count", rf"{_HERE}?{language}(?:で書かれた|の){_NOUN}(?:は|が){_IN_ALL}{_HOW_MANY}{_ARE_THERE}"
    yield "list", rf"{noun}(?:を|の)(?:すべて|全て|全部)?{_SHOW}"
    yield "list", rf"{noun}(?:は|には)(?:何|どんなもの|どれ|どのようなもの)が?(?:ありますか|あるか|ある|あるの)"
    yield "list", rf"{_HERE}?(?:どんな|どのような|何の|なんの|どういう){_NOUN}が{_ARE_THERE}"
    yield "list", rf"{_HERE}?{language}(?:で書かれた|の){_NOUN}(?:を|の)(?:すべて|全て|全部)?{_SHOW}"
    yield "list", rf"{_HERE}?{language}(?:で書かれた|の){_NOUN}(?:は|が){_WHICH}{_IS}"
    unread = r"(?:読めな|読み込めな|読み取れな|開けな|索引にでき?な|処理できな)(?:い|かった)"
    yield (
        "failed",
        rf"{_HERE}?{unread}{_NOUN}(?:は|が)(?:{_WHICH}{_IS}|{_IN_ALL}{_HOW_MANY}{_ARE_THERE}|ありますか|あるか|ある|ありましたか)",
    )
    yield "failed", rf"{_HERE}?{unread}{_NOUN}(?:を|の)(?:すべて|全て|全部)?{_SHOW}"
    most = rf"(?P<most>{'|'.join(MOST)})"
    yield "most", rf"{_HERE}?(?:一番|最も|いちばん|もっとも)?{most}(?P<noun>ファイル)(?:は|が){_WHICH}{_IS}"
    yield "most", rf"{_HERE}(?:一番|最も|いちばん|もっとも)?{most}{_NOUN}(?:は|が){_WHICH}{_IS}"
    speaks = rf"{_HERE}?(?P<x>.+?){_SPEAKS}{_ALL}{_NOUN}"
    yield "count mentions", rf"{speaks}(?:は|が){_IN_ALL}{_HOW_MANY}{_ARE_THERE}"
    yield "count mentions", rf"{_HOW_MANY}の{_NOUN}(?:が|に)(?P<x>.+?){_SPEAKS_END}"
    yield (
        "count mentions",
        rf"(?P<x>.+?){_SPEAKS}{_NOUN}の?(?:数|件数)(?:は|を)(?:{_HOW_MANY}{_ARE_THERE}|教えて{_PLEASE})?",
    )
    yield "mention", rf"{speaks}(?:は|が|って)(?:{_WHICH}{_IS}|ありますか|あるか|ある)"
    yield "mention", rf"{speaks}(?:を|の)(?:すべて|全て|全部)?{_SHOW}"
    which = r"(?:どの|どんな|何の|いずれかの)"
    yield "mention", rf"{_HERE}?{which}{_NOUN}(?:が|に|で|は)(?P<x>.+?){_SPEAKS_END}"
    yield (
        "mention",
        rf"(?P<x>.+?)(?:は|が){which}{_NOUN}(?:に|で)(?:出てき|登場し|書かれてい|載ってい|含まれてい|言及されてい|触れられてい)ますか",
    )
    yield (
        "contents",
        rf"{_HERE}(?:何|なに|どんなもの|どのようなもの)が(?:ありますか|入っていますか|入っているの|入っているか|あるの|あるか|含まれていますか)",
    )
    yield (
        "contents",
        rf"{_FOLDER}(?:の中身|の内容)?(?:は|って)(?:何|なん|どんな(?:内容|もの)|どのような(?:内容|もの))(?:ですか|でしょうか|か|が入っていますか)?",
    )
    yield "contents", rf"{_FOLDER}の(?:中身|内容|概要)を(?:教え|説明し)て{_PLEASE}"
    yield (
        "contents",
        rf"これらの{_NOUN}(?:は|って)(?:何について|どんな(?:内容|もの)|どのような(?:内容|もの))(?:の?もの|書かれて)?(?:ですか|でしょうか|か|いますか)?",
    )
    whole = rf"(?:すべて|全て|全部|{_FOLDER}|{_HERE}?(?:すべての|全ての|全部の|全|これらの){_NOUN})(?:の内容|の中身)?"
    yield "summary", rf"{whole}(?:を|の)?、?{_SUMMARISE}"
    yield (
        "summary",
        rf"{_HERE}?(?P<each>それぞれの|各|一つ一つの|ひとつひとつの){_NOUN}(?:の内容)?(?:を|の)?、?{_SUMMARISE}",
    )


FORMS = tuple(_forms())
"""Task and pattern, not compiled yet: that takes longer than all the rest, and few questions need it."""
