"""The smallest Typer application with rich help and two commands."""

import typer

app = typer.Typer(rich_markup_mode="rich")


@app.command()
def first(name: str) -> None:
    """Do one thing."""


@app.command()
def second(name: str, often: int = 1) -> None:
    """Do another thing."""


app()
