"""What sources bring by themselves or people hand in: messages, files, and how fresh it is."""
