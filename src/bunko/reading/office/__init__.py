"""Read office documents and e-books."""
