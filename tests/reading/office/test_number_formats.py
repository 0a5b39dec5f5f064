"""Number formats: what Excel shows for a value. The expected texts are Excel's own, in English and Japanese."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bunko.reading.office.excel.number_formats import general, hides_all, shown_number, shown_text

_DAY = 46096.0  # 15 March 2026, a Sunday


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.075, "0.0%", "7.5%"),
        (0.15, "0%", "15%"),
        (1234, "00000", "01234"),
        (1234.5, '"$"#,##0.00', "$1,234.50"),
        (98000, "[$¥-411]#,##0", "¥98,000"),
        (1234.5, "#,##0.00 [$€-407]", "1,234.50 €"),
        (-5600, "#,##0;(#,##0)", "(5,600)"),
        (-5600, "#,##0;[Red]-#,##0", "-5,600"),
        (-5600, "#,##0", "-5,600"),
        (-0.4, "0", "0"),
        (0, '0;-0;"none"', "none"),
        (0, '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)', "-"),
        (-12.5, "_($* #,##0.00_);_($* \\(#,##0.00\\)", "$(12.50)"),
        (1234000, '#,##0,"千円"', "1,234千円"),
        (2_500_000, '0.0,,"M"', "2.5M"),
        (12, "#,##0", "12"),
        (1234567, "#,##0", "1,234,567"),
        (0.25, "# ?/?", "1/4"),
        (5.25, "# ?/?", "5 1/4"),
        (2.999, "# ?/?", "3"),
        (0.3333333, "# ??/??", "1/3"),
        (5.25, "# ?/8", "5 2/8"),
        (5.25, '# ?/"x"', "5 1/4 x"),
        (12345, "0.00E+00", "1.23E+04"),
        (0.00012, "0.0E-0", "1.2E-4"),
        (12345, "##0.0E+0", "12.3E+3"),
        (1.5, "0.0#", "1.5"),
        (1.25, "0.0", "1.3"),
        (2.5, "0", "3"),
        (0.5, "#.00", ".50"),
        (1234567, '"〒"000-0000', "〒123-4567"),
        (312345678, "0##-####-####", "03-1234-5678"),
        (5551234, "[<=9999999]###-####;(###) ###-####", "555-1234"),
        (2065551234, "[<=9999999]###-####;(###) ###-####", "(206) 555-1234"),
        (75, '[>=60]"pass";[<60]"fail"', "pass"),
        (12, '0"人"', "12人"),
        (7, 'General" kg"', "7 kg"),
        (1234, "[DBNum1][$-411]General", "千二百三十四"),
        (1234, "[DBNum3][$-411]0", "１２３４"),
        (5, ";;;", ""),
        (5, "@", "5"),
    ],
)
def test_numbers(value: float, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (_DAY, "mm/dd/yyyy", "03/15/2026"),
        (_DAY, "d-mmm-yy", "15-Mar-26"),
        (_DAY, "dddd, mmmm d, yyyy", "Sunday, March 15, 2026"),
        (_DAY, 'yyyy"年"m"月"d"日"', "2026年3月15日"),
        (_DAY, 'yyyy"年"m"月"d"日"\\(aaa\\)', "2026年3月15日(日)"),
        (_DAY, 'yyyy"年"m"月"d"日"aaaa', "2026年3月15日日曜日"),
        (_DAY, '[$-411]ggge"年"m"月"d"日";@', "令和8年3月15日"),
        (_DAY, "[$-411]ge.m.d", "R8.3.15"),
        (_DAY, '[$-411]gge"年"', "令8年"),
        (43586, '[$-411]ggge"年"m"月"d"日"', "令和1年5月1日"),
        (43586, '[$-ja-JP-x-gannen]ggge"年"m"月"d"日"', "令和元年5月1日"),
        (43585, '[$-411]ggge"年"m"月"d"日"', "平成31年4月30日"),
        (32515, '[$-411]ggge"年"m"月"d"日"', "昭和64年1月7日"),
        (_DAY, '[DBNum1][$-411]yyyy"年"m"月"d"日"', "二〇二六年三月十五日"),
        (9.5 / 24, "hh:mm", "09:30"),
        (9.5 / 24, "h:mm AM/PM", "9:30 AM"),
        (13.5 / 24, "[$-411]AM/PM h:mm", "午後 1:30"),
        (13.5 / 24, 'h"時"mm"分"', "13時30分"),
        (37.75 / 24, "[h]:mm", "37:45"),
        (37.75 / 24, "[hh]:mm:ss", "37:45:00"),
        (90 / 1440, "[m]", "90"),
        (75.5 / 86400, "[mm]:ss.0", "01:15.5"),
        (_DAY + 14.5 / 24, "yyyy-mm-dd hh:mm", "2026-03-15 14:30"),
        (_DAY, "yyyy-mm-dd hh:mm:ss", "2026-03-15"),
        (_DAY, "m/d/yyyy h:mm:ss AM/PM", "3/15/2026"),
        (_DAY + 0.25, "yyyy-mm-dd hh:mm:ss", "2026-03-15 06:00:00"),
        (60, "yyyy-mm-dd", "1900-02-29"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (-1, "yyyy-mm-dd", "-1"),
        (1e12, "yyyy-mm-dd", "1000000000000"),
    ],
)
def test_dates_and_times(value: float, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


def test_workbooks_that_count_from_1904() -> None:
    assert shown_number(44634, "yyyy-mm-dd", is_1904=True) == "2026-03-15"


def test_formats_for_texts() -> None:
    assert shown_text("12-B", '"No. "@') == "No. 12-B"
    assert shown_text("12-B", "0.00") == "12-B"
    assert shown_text("12-B", ";;;") == ""
    assert hides_all(";;;")
    assert hides_all(";;")
    assert not hides_all("0;;")


_CODE = some.text(alphabet='0#?.,%/@;-+ \\"[]<>=ymdhsgeabAMP:_*E$¥年', max_size=40)


@given(value=some.floats(allow_nan=False, allow_infinity=False), code=_CODE)
def test_any_number_in_any_format_is_a_text(value: float, code: str) -> None:
    assert isinstance(shown_number(value, code), str)


@given(value=some.floats(min_value=-1e14, max_value=1e14))
def test_a_number_without_a_format_is_the_number(value: float) -> None:
    assert math.isclose(float(general(value)), value, rel_tol=1e-9, abs_tol=1e-12)
