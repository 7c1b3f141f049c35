"""Claims on units, deals, payments, archive and lending."""
