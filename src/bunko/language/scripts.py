"""Character classes of East Asian scripts, and the width of a line in columns."""

from __future__ import annotations

import re

KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d]")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
# Scripts without spaces, which are split by characters.
CJK = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9d\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々〆]")
WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]")


def columns(line: str) -> int:
    """Return the width of a line in columns. East Asian characters take two.

    >>> columns("cat"), columns("猫である")
    (3, 8)
    """
    return len(line) if line.isascii() else len(line) + len(WIDE.findall(line))
