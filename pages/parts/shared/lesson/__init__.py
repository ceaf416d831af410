"""The lesson through the app: its steps, and how they reach the pages on which they take place."""
