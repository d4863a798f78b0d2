"""The engine: brings records of source systems into QuickBooks Online, once each, and proves it."""
