"""What files say of themselves: properties of office files and books, heads of pages, front matter of notes."""
