"""One file here is one message type: it defines `FORM` and nothing else needs to know of it.

Forms are strangers to each other. To add one: this file, its XSD and Schematron in `schemas/`, its
samples. `docs/adding-a-form.md` walks through it.
"""
