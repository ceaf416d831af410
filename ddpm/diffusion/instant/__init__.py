"""Drawing in one to four calls: the noise levels of a distilled network, and what it learns to do at each of them."""
