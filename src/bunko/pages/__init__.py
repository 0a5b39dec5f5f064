"""Save one web page into a library's folder, by its address. In: a folder, a URL. Out: a file, and what is known of it.

    page_address.py     which addresses may be opened, and where they lead
    page_download.py    fetch a page within limits
    main_text.py        the part of a page that is read
    saved_pages.py      write it as a note with front matter, under a safe name

docs/decisions/028-pages-and-duplicates.md has the reasons.
"""
