"""OFX, QFX and QBO files."""
