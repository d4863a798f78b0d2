"""What QuickBooks holds, as a company's tables know it; how it is asked and told, and found again by marks."""
