"""What became of a request, proved by a file: put together by a node, checked by anybody with the root key."""
