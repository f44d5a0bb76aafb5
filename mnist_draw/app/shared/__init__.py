"""What every room uses; it knows no other room."""
