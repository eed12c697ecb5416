"""Matrices that are of another kind, fluid or pool than a model was trained on."""

from __future__ import annotations

from proteoclass.errors import ModelRefusedError
from proteoclass.matrix.normalisation.ratio import has_pool, pool_id
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.model_schema import ModelContent


def refuse_other_kind(matrix: ProteinMatrix, content: ModelContent, name: str) -> None:
    """Refuse a matrix whose values are not comparable with those a model learnt from.

    Parameters
    ----------
    matrix : ProteinMatrix
        As it was read, before it is prepared.
    content : ModelContent
    name : str
        The model's.

    Raises
    ------
    ModelRefusedError
        If kind, stated fluid or pool differ.
    """
    pooled = matrix.kind == "intensity" and has_pool(matrix)
    kind = "ratio" if pooled else matrix.kind
    where = matrix.source.path or "matrix"
    if kind != content.kind:
        mend = "declare --kind if that is wrong, else retrain on this platform"
        if content.kind == "ratio" and matrix.kind == "intensity":
            mend = "give --samples with the roles plex and channel, the pool marked as pool"
        raise ModelRefusedError(
            f"{where}: holds {kind} values, the model {name} was trained on {content.kind}; {mend}"
        )
    stated = {matrix.fluid, content.fluid} - {"not stated"}
    if len(stated) > 1:
        raise ModelRefusedError(
            f"{where}: is {matrix.fluid}, the model {name} was trained on {content.fluid}; "
            "retrain on this fluid"
        )
    if content.input.kind == "intensity" and kind == "ratio" and not pooled:
        raise ModelRefusedError(
            f"{where}: holds ratios to an unknown pool, the model {name} took its own to "
            f"the pool {content.pool_id!r}; give intensities with the pool channels"
        )
    if pooled and pool_id(matrix) != content.pool_id:
        raise ModelRefusedError(
            f"{where}: its pool is {pool_id(matrix)!r}, the model's is {content.pool_id!r}; "
            "ratios to different pools cannot be compared"
        )
