"""What a person sees on screen: map layers, charts, words and the cached reads behind them."""
