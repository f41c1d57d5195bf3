"""What headquarters, too, must know of how provinces make sure of their customers."""
