"""Reports as one HTML file that opens offline: `run` makes that of a batch, `single` that of one problem.

Python computes what is shown: words (`words`), geometry (`charts`, `convergence`) and the numbers that the script draws and
sorts again (`numbers`). The templates under `assets/` write it, with autoescape on, so no text of the user's is ever markup;
a policy in the page allows its own script alone, and no request.
"""
