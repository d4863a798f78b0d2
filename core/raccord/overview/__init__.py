"""What people are shown: one question to the tables for each screen or command, the same for web and command line."""
