"""Chase's twin: a made-up merchant whose every cent is known, and the files Chase would send about it."""

from raccord_chase.sandbox.damage import DamagedFile, damaged_files
from raccord_chase.sandbox.demonstration import demo
from raccord_chase.sandbox.merchant import Merchant
from raccord_chase.sandbox.trying import trials

__all__ = ["DamagedFile", "Merchant", "damaged_files", "demo", "trials"]
