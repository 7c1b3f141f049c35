"""The room itself: checklists, equipment, visitors, training."""
