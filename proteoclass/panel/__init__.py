"""Choose, store and compare small protein panels; knows nothing of models.

The names below load on first use: reading a panel file needs neither scikit-learn nor scipy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proteoclass.lazy import lazy_names

if TYPE_CHECKING:
    from proteoclass.panel.compare import compare_panels as compare_panels
    from proteoclass.panel.coverage import coverage_summary as coverage_summary
    from proteoclass.panel.coverage import panel_coverage as panel_coverage
    from proteoclass.panel.library import list_panels as list_panels
    from proteoclass.panel.library import load_panel as load_panel
    from proteoclass.panel.library import panel_folder as panel_folder
    from proteoclass.panel.panel import Panel as Panel
    from proteoclass.panel.panel import PanelProtein as PanelProtein
    from proteoclass.panel.selection.candidates import DetectionFilter as DetectionFilter
    from proteoclass.panel.selection.candidates import FixedPanel as FixedPanel
    from proteoclass.panel.selection.selector import PanelSelector as PanelSelector

_MODULE_OF = {
    "DetectionFilter": "selection.candidates",
    "FixedPanel": "selection.candidates",
    "Panel": "panel",
    "PanelProtein": "panel",
    "PanelSelector": "selection.selector",
    "compare_panels": "compare",
    "coverage_summary": "coverage",
    "list_panels": "library",
    "load_panel": "library",
    "panel_coverage": "coverage",
    "panel_folder": "library",
}

__all__ = [*_MODULE_OF]
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
