"""The reports, all read from the one journal so that they reconcile."""
