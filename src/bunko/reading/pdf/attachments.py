"""Read the files that are attached to a PDF. In: an open PDF. Out: the Documents of the files."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from bunko.reading.containers.members import Context, Items, UniqueNames, read_member
from bunko.reading.pdf.lines import clean
from bunko.types import FailedFile, member_path


def attachments_of(
    pdf: pypdfium2.PdfDocument, on_pages: Sequence[pypdfium2.PdfAttachment]
) -> list[pypdfium2.PdfAttachment]:
    """Return the files of the PDF as a whole, then those that are pinned to its pages."""
    return [*(pdf.get_attachment(n) for n in range(pdf.count_attachments())), *on_pages]


def read_attachments(files: Sequence[pypdfium2.PdfAttachment], relative: str, context: Context) -> Items:
    """Yield the documents of each file as `file.pdf#name`. Raises LimitReached."""
    unique = UniqueNames()
    for n, file in enumerate(files, 1):
        context.budget.take_file()
        name = " ".join(clean(file.get_name()).replace("\\", "/").rpartition("/")[2].split()) or f"attachment {n}"
        path = member_path(relative, unique(name))
        size = _size(file)
        if context.depth >= context.settings.archive_depth:
            deep = f"It is attached to a file within a file, more than {context.settings.archive_depth} levels deep."
            yield FailedFile(path=path, error=deep, hint="Save it into the folder.")
        elif size is None:
            yield FailedFile(path=path, error="The attachment is damaged.", hint="Save it into the folder.")
        elif size > context.settings.max_file_mb * 1_000_000:
            large = f"The attachment has more than {context.settings.max_file_mb} MB."
            yield FailedFile(path=path, error=large, hint="Raise reading.max_file_mb to read it.")
        else:
            data = bytes(file.get_data())
            yield from read_member(io.BytesIO(data), path, context.within_archive(), name=name)


def _size(file: pypdfium2.PdfAttachment) -> int | None:
    size = ctypes.c_ulong()
    return size.value if pdfium.FPDFAttachment_GetFile(file, None, 0, size) else None
