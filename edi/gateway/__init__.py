"""Our side of the exchange. Read `pipeline.py` first; it knows nothing of the simulated customs."""
