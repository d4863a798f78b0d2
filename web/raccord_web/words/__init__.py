"""How pages speak: words, names, days and amounts in the language of whoever reads."""
