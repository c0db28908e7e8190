"""Images: their names, their content, their layers unpacked, and archives of them."""
