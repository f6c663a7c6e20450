"""Papers as PDF: a sheet (`edi.core.sheet`) is composed, drawn with an embedded Chinese font, and read back."""
