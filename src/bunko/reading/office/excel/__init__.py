"""Read workbooks as their cells show them."""
