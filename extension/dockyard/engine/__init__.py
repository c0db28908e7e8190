"""The embedded engine: Docker's API, real images and real processes where no Docker can run. See ``docs/engine.md``."""
