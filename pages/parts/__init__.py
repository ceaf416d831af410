"""What pages are made of: a room for each page, and one for what they share."""
