"""The quality of the measurements, and the rivals that a protein score must beat."""

from __future__ import annotations

from proteoclass.report.document import Block, Column, Facts, Figure, Notice, Paragraph, Table
from proteoclass.report.figures.pca import MOST_BATCHES, draw_pca, pca_frame
from proteoclass.report.figures.sample_quality import (
    draw_depth,
    draw_intensity,
    sample_quality_frame,
)
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import whole
from proteoclass.report.wording import NOT_REPORTED, count, fixed, known, listing, percent, shown

_CHANCE = 0.05
_UNITS = {"intensity": "log2 intensity", "ratio": "log2 ratio to the pool", "npx": "NPX"}


def quality_blocks(run: Run) -> tuple[Block, ...]:
    """Return warnings first, then rivals, missingness, intensities and components."""
    qc = run.qc
    if not qc:
        return (Paragraph(f"Quality control: {NOT_REPORTED}."),)
    warnings = [Notice(shown(text, 240), "warning") for text in qc.get("warnings") or []]
    return (*warnings, _facts(run), *_rivals(run), *_pictures(run), *_components(run))


def _facts(run: Run) -> Facts:
    qc = run.qc
    link = part(qc, "missing_against_intensity")
    outliers = [shown(r.get("sample_id")) for r in qc.get("samples") or [] if r.get("outlier")]
    return Facts(
        (
            ("Samples × proteins", f"{whole(qc.get('n_samples'))} × {whole(qc.get('n_proteins'))}"),
            ("Not detected", f"{percent(qc.get('missing_rate'))} of the matrix"),
            ("Missing against intensity", _link_words(link)),
            ("Outliers", listing(outliers)),
        )
    )


def _link_words(link: dict[str, object]) -> str:
    rho = known(link.get("spearman"))
    if rho is None:
        why = link.get("reason")
        return f"{NOT_REPORTED}: {shown(why, 120)}" if why else NOT_REPORTED
    # Below this the sign of a rank correlation carries no message for a reader.
    weak = abs(rho) < 0.1
    meaning = (
        "no clear relation"
        if weak
        else "faint proteins are missing more often"
        if rho < 0
        else "bright proteins are missing more often"
    )
    return f"Spearman {fixed(rho)} over {count(link.get('n_proteins'), 'protein')}: {meaning}"


def _rivals(run: Run) -> tuple[Block, ...]:
    rivals = [dict(row) for row in run.qc.get("rivals") or []]
    if not rivals:
        return (Paragraph(f"AUC of depth, missingness, visits and batch alone: {NOT_REPORTED}."),)
    own = known(part(run.evaluation, "auc").get("mean_over_repeats"))
    rows = []
    for row in rivals:
        auc = known(row.get("auc"))
        rows.append(
            (
                shown(row.get("name")),
                fixed(auc),
                whole(row.get("n")),
                _rival_words(auc, own, known(row.get("p"))),
                shown(row.get("note"), 120),
            )
        )
    columns = (
        Column("Alone"),
        Column("AUC", "", True),
        Column("n", "", True),
        Column("Against the score"),
        Column("Note"),
    )
    return (
        Table(
            "What separates the classes without any protein (far below 0.5 counts too)",
            columns,
            tuple(rows),
        ),
    )


def _rival_words(auc: float | None, own: float | None, p: float | None) -> str:
    if auc is None or own is None:
        return NOT_REPORTED
    # Batches of few patients read far above 0.5 for labels dealt at random.
    if p is not None and p > _CHANCE:
        return "no clearer than chance"
    strength = max(auc, 1 - auc)
    if strength >= own:
        return "as strong as the score, or stronger"
    return "weaker than the score" if strength > 0.6 else "near chance"


def _pictures(run: Run) -> tuple[Block, ...]:
    rows = run.qc.get("samples") or []
    if not rows:
        return ()
    names = (shown(run.positive, 40), shown(run.negative, 40))
    frame = sample_quality_frame(rows, run.samples)
    low, high = frame["n_detected"].min(), frame["n_detected"].max()
    unit = _UNITS.get(str(run.qc.get("kind")), "log2 value")
    return (
        Figure(
            "depth",
            draw_depth(frame, names),
            f"Proteins detected a sample: {whole(low)} to {whole(high)}.",
            f"Proteins detected in each sample, {whole(low)} to {whole(high)}.",
            frame,
            half=True,
        ),
        Figure(
            "intensity",
            draw_intensity(frame, unit),
            f"Median and quartiles of {unit} of each sample: medians "
            f"{fixed(frame['median_log2'].min(), 1)} to {fixed(frame['median_log2'].max(), 1)}.",
            f"Median (dot) and quartiles (line) of {unit} before normalisation.",
            frame,
            half=True,
        ),
    )


def _components(run: Run) -> tuple[Block, ...]:
    pca = part(run.qc, "pca")
    points = pca.get("points") or []
    if not points:
        return (Paragraph(f"Principal components: {NOT_REPORTED}."),)
    names = (shown(run.positive, 40), shown(run.negative, 40))
    frame = pca_frame(points, run.samples)
    explained = [share for share in map(known, pca.get("explained") or []) if share is not None][:2]
    batches = frame.loc[frame["batch"] != "", "batch"].nunique()
    drawn = "each sample tied to its batch's centre" if 1 < batches <= MOST_BATCHES else "not drawn"
    shares = ", ".join(percent(share) for share in explained)
    return (
        Figure(
            "pca",
            draw_pca(frame, explained, names),
            f"Two principal components ({shares} of the variance), by outcome and by batch.",
            f"Principal components ({shares} of the variance) by outcome and by batch "
            f"({batches} batches; {drawn}).",
            frame,
        ),
    )
