"""The composition root: the only room that knows every adapter and joins gateway and simulator.

Nothing is imported here: worker processes enter this room for one module and should not wait for the others.
"""
