"""Files that hold other files: archives, mail, mailboxes."""
