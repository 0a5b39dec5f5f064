"""Read texts and sheets of OpenDocument, LibreOffice's format."""
