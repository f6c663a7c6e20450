"""Smart cards: a PIV application (NIST SP 800-73) over PC/SC, and a virtual card to try it with (exchange 6)."""
