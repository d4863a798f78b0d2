"""Companies, their objects, and the file behind them."""
