"""What newer programs import from Lasagne and Lasagne 0.1 lacks."""
