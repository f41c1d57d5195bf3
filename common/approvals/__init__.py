"""What needs a second person: asked for, approved or refused, and carried out then; and who stands in for whom."""
