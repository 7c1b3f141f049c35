"""Papers from Word templates: which fields there are, what a template may hold, how it is filled and read again. No database here."""
