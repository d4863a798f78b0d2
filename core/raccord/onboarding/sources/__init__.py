"""What is known of a source before it is connected: its account, its bank, its days, its switches."""
