"""PDFs written object by object, for what no library writes."""

from pathlib import Path


def raw_pdf(path: Path, *objects: str) -> Path:
    """Write a PDF of just these objects, numbered from 1; the first is the catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj {text} endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer <</Size {size}/Root 1 0 R>>\n".encode()
    path.write_bytes(out + f"startxref\n{out.rindex(b'xref')}\n%%EOF\n".encode())
    return path
