"""One module for each family of screens; each has the ``router`` that the application takes in."""
