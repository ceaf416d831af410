"""How a network learns: recipes, optimizer, averaged weights, the generator of steps, several processes."""
