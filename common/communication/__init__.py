"""Messages to people: SMS, e-mail, app messages. The port, and its adapters."""
