"""PDFs written object by object, for what no library writes."""

import struct
from pathlib import Path

import pymupdf


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


def with_encrypted_attachments(pdf: pymupdf.Document, path: Path, filters: str) -> Path:
    """Save with a dictionary that says what is encrypted, with a password that nobody knows."""
    data = pdf.tobytes(no_new_id=True)
    at = data.rindex(b"trailer")
    trailer = data[at:].replace(b"/ID", b"/Before", 1)
    says = (
        f"/Encrypt<</Filter/Standard/V 4/R 4/Length 128/P -4/O<{'ab' * 32}>/U<{'cd' * 32}>"
        f"/CF<</StdCF<</CFM/AESV2/AuthEvent/EFOpen/Length 16>>>>{filters}/EFF/StdCF>>/ID[<{'01' * 16}><{'01' * 16}>]"
    )
    path.write_bytes(data[:at] + trailer.replace(b"<<", b"<<" + says.encode(), 1))
    return path


def hybrid(source: Path, path: Path) -> Path:
    """Write a PDF of a classic index again with an outline that only its index in a stream (XRefStm) knows."""
    with pymupdf.open(source) as pdf:
        size, root = pdf.xref_length(), pdf.pdf_catalog()
        pdf.xref_set_key(root, "Outlines", f"{size} 0 R")
        page = pdf[0].xref
        data = pdf.tobytes(no_new_id=True)
    table = data.rindex(b"xref\n0 ")
    body, index = data[: data.rindex(b"xref\n0 ", 0, table + 8)], data[table : data.rindex(b"startxref")]
    parts = (
        f"<</Type/Outlines/First {size + 1} 0 R/Last {size + 1} 0 R/Count 1>> ",
        f"<</Title(Here)/Parent {size} 0 R/Dest[{page} 0 R/Fit]>> ",
    )
    head = f"{size} 0 {size + 1} {len(parts[0])} "
    inside = (head + "".join(parts)).encode()
    holder, at = size + 2, len(body)
    body += f"{holder} 0 obj\n<</Type/ObjStm/N 2/First {len(head)}/Length {len(inside)}>>stream\n".encode()
    body += inside + b"\nendstream\nendobj\n"
    rows = struct.pack(">BIHBIHBIHBIH", 2, holder, 0, 2, holder, 1, 1, at, 0, 1, len(body), 0)
    hidden = len(body)
    body += f"{holder + 1} 0 obj\n<</Type/XRef/Size {size + 4}/W[1 4 2]/Index[{size} 4]/Root {root} 0 R".encode()
    body += f"/Length {len(rows)}>>stream\n".encode() + rows + b"\nendstream\nendobj\n"
    index = index.replace(b"/Size %d" % size, b"/Size %d/XRefStm %d" % (size + 4, hidden))
    path.write_bytes(body + index + b"startxref\n%d\n%%%%EOF\n" % len(body))
    return path
