"""What keeps the measures of copying from speaking where they know nothing."""
