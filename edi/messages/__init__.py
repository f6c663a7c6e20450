"""The message definitions that the gateway and customs share: how each message is written and read.

Nothing here judges a message (that is `edi.checks`) and nothing touches the world.
"""
