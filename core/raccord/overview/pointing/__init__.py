"""What people see in the place of ids: the records and entries that they point to."""
