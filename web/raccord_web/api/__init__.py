"""The JSON API for programs: the same services as the pages, behind tokens; it decides nothing of its own."""
