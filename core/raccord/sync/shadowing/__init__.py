"""The first plan of a source that was running before, beside what whoever keeps the books now puts into them."""
