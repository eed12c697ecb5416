"""What a locked model says of itself, section by section, for whatever prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteoclass.scorer.card_figures import analyses, evaluation_data, limits_of_use
from proteoclass.scorer.card_words import (
    NOT_REPORTED,
    Facts,
    Grid,
    Section,
    number,
    part,
    platform_of,
    said,
)
from proteoclass.scorer.carried_evaluations import RULE

_SCOPES = {
    "run": "each sample by itself",
    "cohort": "computed across samples before they were read, so that figures are conditional on "
    "that search",
}
#: Where there is none to report.
_NO_POOL = {"intensity": "none: intensities", "npx": "none: NPX"}


def model_card(summary: Mapping[str, Any]) -> list[Section]:
    """Return the sections of a model's card; what a model does not say is "not reported".

    Parameters
    ----------
    summary : mapping
        As `SeverityModel.summary` returns it: everything here is derived from it.

    Returns
    -------
    list of Section

    Notes
    -----
    Sections after Mitchell et al. 2019, Model cards for model reporting, doi
    10.1145/3287560.3287596; items of TRIPOD+AI, Collins et al. 2024, doi
    10.1136/bmj-2023-078378. That an item has its place is no claim that it is met.

    Examples
    --------
    >>> model_card({"name": "ours"})[0].title
    'Model details'
    """
    return [
        Section("Model details", "12, 22, 27", (_details(summary), *_panel(summary))),
        Section("Intended use", "3, 4, 27", (_use(summary),)),
        Section("Factors", "5, 7, 14", (_factors(summary),)),
        Section("Metrics", "8, 12, 15", (_metrics(summary),)),
        Section("Evaluation data", "5, 16", evaluation_data(summary)),
        Section("Training data", "5, 6, 10, 20", _training(summary)),
        Section("Quantitative analyses", "23", analyses(summary)),
        Section("When it does not answer", "11, 15, 27", limits_of_use(summary)),
        Section("Ethical considerations", "14, 17, 18", (_ethics(summary),)),
        Section("Caveats and recommendations", "25, 26", (_caveats(summary),)),
    ]


def _details(summary: Mapping[str, Any]) -> Facts:
    normalise, impute = part(summary, "normalise"), part(summary, "impute")
    training, tuning = part(summary, "training"), part(summary, "evaluation", "tuning")
    settings = part(summary, "settings")
    against = f" on {normalise.get('n_reference')} reference proteins"
    share = summary.get("booster_weight")
    kind = NOT_REPORTED
    if share is not None and settings:
        kind = (
            f"{said(settings.get('bags'))} bags of patients, each {said(settings.get('rounds'))} "
            f"boosted trees of depth {said(settings.get('depth'))} with learnt monotone signs "
            f"({share:.0%} of the log-odds) and a ridge logistic ({1 - share:.0%})"
        )
    chosen = " (chosen by auto)" if impute.get("asked") == "auto" else ""
    gaps = f"left as it is{chosen}"
    if impute.get("method") not in (None, "none"):
        gaps = f"filled by {impute['method']}{chosen}"
    lineage = summary.get("derived_from") or []
    design = part(summary, "evaluation", "design")
    seed = training["seed"] if training.get("seed") is not None else design.get("seed")
    return Facts(
        (
            ("model", said(summary.get("name"))),
            ("sha256", said(summary.get("sha256"))),
            ("created", said(summary.get("created"))),
            ("measures", f"{said(summary.get('kind'))} in {said(summary.get('fluid'))}"),
            ("platform", platform_of(summary)),
            ("pool", said(summary.get("pool_id") or _NO_POOL.get(str(summary.get("kind"))))),
            ("quantified", _SCOPES.get(str(summary.get("quantity_scope")), NOT_REPORTED)),
            (
                "normalised by",
                said(normalise.get("method")) + (against if normalise.get("n_reference") else ""),
            ),
            ("not detected", gaps if impute else NOT_REPORTED),
            ("kind of model", kind),
            ("tuning", said(tuning.get("text"))),
            ("seed", NOT_REPORTED if seed is None else str(seed)),
            ("matrix sha256", said(training.get("matrix_sha256"))),
            ("cohort sha256", said(training.get("cohort_sha256"))),
            (
                "software",
                ", ".join(f"{k} {v}" for k, v in sorted(part(summary, "software").items()))
                or NOT_REPORTED,
            ),
            ("derived from", ", ".join(lineage) or "no other model"),
            ("licence of the model", NOT_REPORTED),
            ("contact", NOT_REPORTED),
        )
    )


def _panel(summary: Mapping[str, Any]) -> tuple[Grid, ...]:
    rows = summary.get("panel") or []
    return (
        Grid(
            f"Panel: {len(rows)} proteins; log2 after normalisation, 5 to 95 % of the training "
            "samples, and where a value counts as out of range",
            ("protein", "accession", "gene", "direction", "usual", "out of range"),
            tuple(
                (
                    *(str(row.get(key) or "") for key in ("id", "accessions", "gene")),
                    said(row.get("direction")),
                    _span(row.get("low"), row.get("high")),
                    _outside(row.get("lowest"), row.get("highest")),
                )
                for row in rows
            ),
        ),
    )


def _span(low: Any, high: Any) -> str:
    return NOT_REPORTED if low is None else f"{number(low)} to {number(high)}"


def _outside(low: Any, high: Any) -> str:
    return NOT_REPORTED if low is None else f"below {number(low)}, above {number(high)}"


def _use(summary: Mapping[str, Any]) -> Facts:
    not_for = summary.get("not_for") or [NOT_REPORTED]
    return Facts(
        (
            ("intended use", said(summary.get("intended_use"))),
            ("intended users", NOT_REPORTED),
            *(("not for", str(text)) for text in not_for),
        )
    )


def _factors(summary: Mapping[str, Any]) -> Facts:
    training = part(summary, "training")
    return Facts(
        (
            ("fluid", said(summary.get("fluid"))),
            ("platform", platform_of(summary)),
            ("sites", said(training.get("n_sites") or None)),
            ("sex, age, comorbidity", NOT_REPORTED),
            ("figures by subgroup", NOT_REPORTED),
        )
    )


def _metrics(summary: Mapping[str, Any]) -> Facts:
    outcome, auc = part(summary, "outcome"), part(summary, "auc")
    limits, set_on = part(summary, "thresholds"), part(summary, "thresholds", "set_on")
    positive, negative = said(outcome.get("positive")), said(outcome.get("negative"))
    validated = ""
    if not limits.get("externally_validated"):
        validated = ", not externally validated"
    rests = NOT_REPORTED
    if set_on:
        rests = (
            f"{set_on['scores']} scores of {set_on['n_positive']} {positive} and "
            f"{set_on['n_negative']} {negative} patients, {set_on['repeats']} × "
            f"{set_on['folds']} folds"
        )
    return Facts(
        (
            ("outcome", f"{said(outcome.get('column'))}: {positive} against {negative}"),
            (
                "score",
                f"0 to 100: a hundred times the share of {positive} among study patients with "
                "this score; no forecast",
            ),
            ("AUC", f"estimates the {auc['estimand']}" if "estimand" in auc else NOT_REPORTED),
            ("its interval", said(auc.get("interval_kind"))),
            (
                "thresholds",
                f"{number(limits.get('lower'), 1)} and {number(limits.get('upper'), 1)} score "
                f"points ({said(limits.get('rule'))}){validated}",
            ),
            ("set on", rests),
            ("externally validated", said(limits.get("externally_validated"))),
            ("by the rule", RULE),
        )
    )


def _training(summary: Mapping[str, Any]) -> tuple[Facts | Grid, ...]:
    training = part(summary, "training")
    visits, sites = part(training, "visits"), part(training, "sites")
    n = training.get("n_patients")
    n_positive, n_negative = training.get("n_positive"), training.get("n_negative")
    facts: list[tuple[str, str]] = [
        (
            "trained on",
            f"{said(n)} patients ({said(n_positive)} positive, {said(n_negative)} negative)",
        ),
        (
            "samples",
            f"{said(visits.get('n_samples'))}, of {said(visits.get('n_patients_of_several'))} "
            f"patients more than one; one index sample a patient was learnt from"
            if visits
            else NOT_REPORTED,
        ),
        ("index sample", said(training.get("index"))),
        ("sites", said(training.get("n_sites") or None)),
        ("proteins", said(training.get("n_proteins"))),
        ("fluid", said(summary.get("fluid"))),
        ("platform", platform_of(summary)),
        ("synthetic", said(training.get("synthetic"))),
        ("dates of samples", "not kept in a model"),
        ("rows of patients", "none: counts, and digests by which a training patient is known"),
    ]
    if not sites:
        return (Facts(tuple(facts)),)
    rows = [(str(site["name"]), said(site["n_patients"])) for site in sites["named"]]
    if sites["n_not_named"]:
        rows.append(
            (f"{sites['n_not_named']} sites not named", said(sites["n_patients_not_named"]))
        )
    note = "Patients by site; a site of fewer than 5 is not named"
    return (Facts(tuple(facts)), Grid(note, ("site", "patients"), tuple(rows)))


def _ethics(summary: Mapping[str, Any]) -> Facts:
    del summary  # A model file says nothing of these, and a card that left them out would less.
    return Facts(
        (
            ("ethical approval", NOT_REPORTED),
            ("consent", NOT_REPORTED),
            ("fairness", NOT_REPORTED),
            ("funding, interests", NOT_REPORTED),
            ("protocol, registration", NOT_REPORTED),
            ("data of patients", "none in the file; names of sites of 5 patients or more are"),
        )
    )


def _caveats(summary: Mapping[str, Any]) -> Facts:
    limits = part(summary, "thresholds")
    rows = [("caveat", str(text)) for text in part(summary, "evaluation").get("warnings") or []]
    if part(summary, "training").get("synthetic"):
        rows.insert(0, ("caveat", "SYNTHETIC: trained on simulated patients; of no use for others"))
    if not limits.get("externally_validated"):
        rows.append(("caveat", "the limits are not externally validated"))
    for each in summary.get("external_evaluations") or []:
        rows += [(f"caveat, {each['name']}", str(text)) for text in each["warnings"]]
    rows.append(("recommended", "`proteoclass model verify` before use; pin the sha256 above"))
    return Facts(tuple(rows))
