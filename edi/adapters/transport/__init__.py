"""Folders here and at a partner's, behind one port (`port.Place`); what is carried between them, remembered."""
