"""Choose, store and compare small protein panels; knows nothing of models."""

from proteoclass.panel.compare import compare_panels
from proteoclass.panel.coverage import coverage_summary, panel_coverage
from proteoclass.panel.library import list_panels, load_panel, panel_folder
from proteoclass.panel.panel import Panel, PanelProtein
from proteoclass.panel.selection.candidates import DetectionFilter, FixedPanel
from proteoclass.panel.selection.selector import PanelSelector

__all__ = [
    "DetectionFilter",
    "FixedPanel",
    "Panel",
    "PanelProtein",
    "PanelSelector",
    "compare_panels",
    "coverage_summary",
    "list_panels",
    "load_panel",
    "panel_coverage",
    "panel_folder",
]
