"""The sections of the tab *Inside*, in the order of their buttons: one line each.

Imported when the tab is first looked at. A section's module must not import Theano or Lasagne:
what it computes with is imported in the thread that computes.
"""

from __future__ import annotations

from mnist_draw.app.inside.limits.limits_section import LimitsSection
from mnist_draw.app.inside.map.map_section import MapSection
from mnist_draw.app.inside.network.network_section import NetworkSection
from mnist_draw.app.inside.results.results_section import ResultsSection
from mnist_draw.app.inside.section import Section
from mnist_draw.app.inside.step.step_section import StepSection

SECTIONS: tuple[type[Section], ...] = (
    NetworkSection,
    StepSection,
    ResultsSection,
    MapSection,
    LimitsSection,
)  # fmt: skip
