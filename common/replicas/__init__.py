"""The processes of a node, as they tell each other what they are and which links they have open."""
