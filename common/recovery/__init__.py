"""A node that has forgotten its tail takes it back from the other end of its link: what was recorded, never anew."""
