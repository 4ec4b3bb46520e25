"""What happens to sound after the graph, and the files it ends in."""
