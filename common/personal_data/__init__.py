"""Personal data at rest: encrypted by a key of each subject, found through blind indexes, shown masked, erased."""
