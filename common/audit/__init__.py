"""The audit log: who did what, chained entry by entry, so that nothing can be taken out unseen."""
