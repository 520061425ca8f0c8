"""Renderings of a result: one file a format, each with `render(result) -> str`."""
