"""Files into and out of containers, and a container's tree as it sees it itself."""
