"""The texts that an imported model is checked on. Constants only."""

from __future__ import annotations

ROUND_TRIPS = {
    "English": "The quick brown fox – it's 12,345.67 €! – didn't \"jump\" over  two  spaces,\n\nnor\ttabs.",
    "Japanese": "吾輩は猫である。名前はまだ無い。２０２４年１２月、東京都で「ﾃｽﾄ」を行った。",
}
"""Texts with what tokenizers often get wrong: spaces, digits, quotes, line ends; full-width digits, half-width kana."""

LIKENESS = """\
A library is a folder of documents. The program reads each file, cuts its text into passages, and remembers where every
passage stood, so that an answer can name the page and quote the words. When a question comes, two searches look for
passages: one compares meanings, the other compares words. What both find is put in order, and the few sentences that
hold the answer are shown at once, before the language model has written anything. Only then does the model speak. Each
sentence of its answer is then held against the sources: numbers and names must occur there, and what has no support is
marked. If the documents do not say, the answer is that they do not say.

図書室とは、文書を入れた一つのフォルダーのことです。プログラムは各ファイルを読み、文章を短い部分に分け、それぞれがどこにあったかを
記録します。質問が来ると、意味の近さと言葉の一致の二つの方法で探します。答えを含む文がまず示され、それからモデルが答えを書きます。
"""
"""The text that quantised model and original are compared on, unless the user gives one."""
