"""How a network is asked while sampling: what it answers, and in which direction the answer is led further."""
