"""Passwords come from a file, one a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bunko.errors import SettingsError
from bunko.reading.containers.passwords import read_passwords


def test_passwords_stand_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "passwords.txt"
    file.write_bytes("\ufeffsecret\r\n\r\n 二つ の語 \nsecret\n\t\nlast".encode())
    assert read_passwords(file) == ("secret", " 二つ の語 ", "last")


@pytest.mark.parametrize("content", [None, "ひみつ".encode("cp932")])
def test_a_password_file_that_cannot_be_read_names_its_setting(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "passwords.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"reading\.password_file") as caught:
        read_passwords(file)
    assert "passwords.txt" in caught.value.message
