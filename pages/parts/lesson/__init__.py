"""What the Lesson page is made of."""
