"""The world: folders, the ledger, keys, the contract on disk. Knows nothing of gateway or customs."""
