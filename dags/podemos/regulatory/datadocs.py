"""The Data Docs of the gate: one HTML page that needs nothing from the internet and holds no personal data.

Great Expectations' own pages load their styles from public CDNs; this one shows the same verdicts in Spanish, with the
smallest unit of each difference. Amounts and identifiers of movements appear, names of persons never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from podemos.core.money import format_pesos
from podemos.regulatory.results import Level, Result, Severity

_LEVELS = {
    Level.CONTROL: "Nivel 1 · Lo declarado por la fuente = lo sellado = publicado + exceptuado",
    Level.WAREHOUSE: "Nivel 2 · Lo normalizado = el almacén",
    Level.BUSINESS: "Nivel 3 · Reglas de negocio",
}
_STYLE = """
:root{--ink:#1c2430;--soft:#667085;--line:#e3e7ee;--ok:#0a7a4b;--red:#b42318;--amber:#9a6700;--bg:#f7f8fb}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif;margin:0}
body{color:var(--ink);background:var(--bg)}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 8px}
.soft{color:var(--soft)}
.verdict{display:inline-block;padding:6px 14px;border-radius:999px;font-weight:600;color:#fff}
.pass{background:var(--ok)}.fail{background:var(--red)}
.cards{display:flex;flex-wrap:wrap;gap:12px;margin:18px 0}
.card{background:#fff;border:1px solid var(--line);border-radius:10px;padding:12px 18px;min-width:150px}
.card b{display:block;font-size:22px}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid var(--line)}
th,td{padding:7px 10px;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{font-size:12px;text-transform:uppercase;letter-spacing:.03em;color:var(--soft);background:#fbfcfe}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.unit{max-width:230px;overflow-wrap:anywhere;font-size:12.5px}
tr.red td{background:#fef3f2}tr.yellow td{background:#fffaeb}
.tag{font-weight:600}.tag.ok{color:var(--ok)}.tag.red{color:var(--red)}.tag.yellow{color:var(--amber)}
details{margin:8px 0}summary{cursor:pointer}
ul{margin:4px 0 8px 20px;padding:0}
@media print{body{background:#fff}details{display:block}}
"""


def page(day: str, night: str, results: Sequence[Result], verdict: str, suites: Mapping[str, bool]) -> str:
    """The page. The same results give the same bytes."""
    red = [r for r in results if not r.equal and r.severity is Severity.RED]
    yellow = [r for r in results if not r.equal and r.severity is Severity.YELLOW]
    word = "Aprobado: se puede publicar" if verdict == "pass" else "Rechazado: no se publica"
    cards = (
        (str(len(results)), "comparaciones"),
        (str(len({r.source for r in results})), "fuentes"),
        (str(len(red)), "diferencias que bloquean"),
        (str(len(yellow)), "avisos"),
    )
    body = [
        f"<h1>Conciliación del {escape(day)}</h1>",
        f'<p class="soft">Noche {escape(night)} · juzgada por Great Expectations sobre los resultados'
        " · importes en MXN, exactos al centavo</p>",
        f'<p><span class="verdict {escape(verdict)}">{word}</span></p>',
        '<div class="cards">' + "".join(f'<div class="card"><b>{n}</b>{escape(t)}</div>' for n, t in cards) + "</div>",
        *_differences("Diferencias que bloquean", red),
        *_differences("Avisos", yellow),
        "<h2>Suites</h2><table><tr><th>Suite</th><th>Resultado</th></tr>",
        *(
            f"<tr><td>{escape(name)}</td><td>{_tag(ok, 'red' if name.endswith('red') else 'yellow')}</td></tr>"
            for name, ok in sorted(suites.items())
        ),
        "</table>",
    ]
    for level in Level:
        body += _table(level, [r for r in results if r.level is level])
    return (
        '<!doctype html>\n<html lang="es"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Conciliación {escape(day)}</title><style>{_STYLE}</style></head><body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def _differences(title: str, results: Sequence[Result]) -> Iterable[str]:
    if not results:
        return
    yield f"<h2>{title}</h2>"
    for result in results:
        yield f"<details open><summary>{escape(result.detail or str(result.rule))}</summary>"
        if result.units:
            yield "<ul>" + "".join(f"<li>{escape(unit)}</li>" for unit in result.units) + "</ul>"
        yield "</details>"


def _table(level: Level, results: Sequence[Result]) -> Iterable[str]:
    yield f"<h2>{escape(_LEVELS[level])}</h2>"
    yield (
        "<table><tr><th>Fuente</th><th>Regla</th><th>Unidad</th><th>Renglones esperados</th><th>Encontrados</th>"
        "<th>Importe esperado</th><th>Encontrado</th><th>Resultado</th></tr>"
    )
    for result in sorted(results, key=lambda r: (r.equal, r.source, r.rule, r.unit)):
        colour = "" if result.equal else str(result.severity)
        numbers = (
            str(result.expected.rows),
            str(result.actual.rows),
            format_pesos(result.expected.cents),
            format_pesos(result.actual.cents),
        )
        yield (
            f'<tr class="{colour}"><td>{escape(result.source)}</td><td>{escape(result.rule)}</td>'
            f'<td class="unit">{escape(result.unit)}</td>'
            + "".join(f'<td class="n">{number}</td>' for number in numbers)
            + f"<td>{_tag(result.equal, str(result.severity))}</td></tr>"
        )
    yield "</table>"


def _tag(equal: bool, severity: str) -> str:
    if equal:
        return '<span class="tag ok">igual</span>'
    word = "bloquea" if severity == Severity.RED else "aviso"
    return f'<span class="tag {severity}">{word}</span>'
