"""Read files into documents. In: a folder, a path. Out: Documents. Knows nothing of chunks, models or storage.

    folder.py      list the files of a library
    reader.py      read them in a process of its own, under limits of time and memory
    worker.py      that process
    read.py        read one file, within the limits of its size
    formats.py     which reader reads which format

    containers/    files inside files: archives, mail
    html/ images/ office/ pdf/ text/     the readers; unseen.py and hidden.py leave out what nobody sees

Most files hold one document; archives, mails, mailboxes and JSON Lines hold many.
"""
