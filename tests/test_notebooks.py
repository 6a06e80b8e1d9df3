"""The notebooks: executed from the first cell to the last, and kept without what they showed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

NOTEBOOKS: Final = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PATIENCE: Final = 120  # seconds after which a cell that hangs is a failure
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_at_least_three() -> None:
    assert len(NOTEBOOKS) >= 3


@every_notebook
def test_outputs_are_stripped(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


@every_notebook
def test_it_teaches_and_does_not_only_run(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    words = sum(len("".join(cell["source"]).split()) for cell in cells if cell["cell_type"] == "markdown")
    assert words > 250
    assert "".join(cells[0]["source"]).startswith("# ")
    assert "assert " in "".join("".join(cell["source"]) for cell in cells)


@every_notebook
@pytest.mark.filterwarnings("ignore")  # what a kernel warns of is not ours
def test_it_runs_from_the_first_cell_to_the_last(path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    client = nbclient.NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3", resources=resources)
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert any("text/html" in output.get("data", {}) for output in shown)
