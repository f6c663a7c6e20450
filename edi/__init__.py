"""edi — file exchange with customs: signed XML filings in, receipts and statuses out.

Read `edi/gateway/pipeline.py` first: it tells a message's life on one page.
"""

__version__ = "0.1.0"
