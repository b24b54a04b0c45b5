"""Reads lines: the image of each becomes a lattice of what may stand there."""

from scanmend.document import Corners, LatticeStep
from scanmend.second_reader.image import Grey, line_image
from scanmend.second_reader.lattice import lattice
from scanmend.second_reader.network import LINE_HEIGHT_PX, LINE_WIDTHS_PX, Networks
from scanmend.second_reader.symbols import columns


class LineReader:
    """Reads lines in the script of some languages."""

    def __init__(self, networks: Networks, symbols: tuple[str, ...], languages: tuple[str, ...]) -> None:
        """``symbols``: what the columns of the recognizer stand for."""
        self._networks = networks
        self._columns = columns(languages, symbols)
        self._symbols = [symbols[column] for column in self._columns]

    def read(self, page: Grey, corners: Corners) -> tuple[LatticeStep, ...]:
        """Return the lattice of the line between these corners of a page."""
        line = line_image(page, corners, LINE_HEIGHT_PX, LINE_WIDTHS_PX[1])
        probabilities, width = self._networks.read_line(line, self._columns)
        return lattice(probabilities, self._symbols, width)
