"""A text file that cannot be used, as an exception that still knows where."""

from carealert.adapters.file_errors import RowError
from carealert.services.ports.text import TemplateProblem


class TextFileProblem(TemplateProblem):
    """A TemplateProblem with its `row`: the file, the line where known, and what to do."""

    def __init__(self, row: RowError) -> None:
        super().__init__(str(row))
        self.row = row
