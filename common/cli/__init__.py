"""The command line that both programs share."""
