"""The simulated customs receiver: a program of its own, fed by a folder and answering into another.

It plays the stateful rules, the approval and the status table of `docs/simulator.md`, and is never
to be taken for the real customs. It shares the message definitions with the gateway and nothing
else: no database, no import of one by the other. Start reading at `receiver.py`.
"""
