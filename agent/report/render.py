"""Makes each page of the site out of what is known of the runs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from agent.core.invocation import command
from agent.core.languages import LANGUAGES
from agent.core.run import ANALYSED_SECTIONS, BASELINE, PROPOSED_SECTIONS, SECTIONS, Run, heading
from agent.core.text import Text
from agent.report import plots, sentences
from agent.report.ascent import ascent, path_to
from agent.report.bases import BASES, packed
from agent.report.code import diff, highlighted
from agent.report.curves import panels
from agent.report.figure_of_doublings import draw_doubling
from agent.report.figure_of_lanes import draw_lanes
from agent.report.figure_of_lineage import draw_lineage
from agent.report.figure_of_progress import draw_progress
from agent.report.ideas import ideas
from agent.report.lineage import edges, tree
from agent.report.markup import both, confined, link, named, page_of, say, short, task_name, told, verbatim
from agent.report.material import Material
from agent.report.morning import Night, night
from agent.report.prose import Prose
from agent.report.scores import setting_lines, task_lines
from agent.report.standing import shade, shade_of
from agent.report.verified import shown_by
from agent.science.estimate import AVERAGE
from agent.science.expectations import expectations
from agent.science.history import card_of
from agent.science.verification_words import held
from agent.store.folder import LOG, VARIANT
from agent.store.status import MARKS, Status
from agent.store.workspace import RUNS, Workspace

PAGES = Path(__file__).parent / "pages"
SCRIPTS = ("board.js", "tree.js", "compare.js", "figures.js", "live.js")  # after report.js, whose words they use
LOG_LINES = 40  # of a failure's log that its page shows


class Pages:
    """Renders pages. Templates see facts, words and figures, and every text of theirs is escaped."""

    def __init__(self) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        tools: Mapping[str, Callable[..., Any]] = {
            "say": say, "both": both, "named": named, "link": link, "verbatim": verbatim, "short": short,
            "page_of": page_of, "told": told, "confined": confined, "task_name": task_name,
            "shade": shade, "shade_of": shade_of, "heading": heading,
        }  # fmt: skip
        self.environment.globals |= dict(tools) | {
            "s": sentences, "plots": plots, "MARKS": MARKS, "BASES": BASES, "packed": packed,
            "draw_progress": draw_progress, "draw_lineage": draw_lineage, "draw_lanes": draw_lanes,
            "draw_doubling": draw_doubling, "held": held,
            "AVERAGE": AVERAGE, "BASELINE": BASELINE, "LANGUAGES": LANGUAGES, "SCRIPTS": SCRIPTS,
        }  # fmt: skip

    def morning(self, material: Material) -> str:
        found: Night = night(material.history, material.standings, material.search)
        board = sorted(material.standings.values(), key=lambda standing: standing.order)
        moves = dict.fromkeys(move for run in material.history.runs for move in run.proposal.moves)
        return self._render(
            "morning",
            material,
            night=found,
            board=[row for row in board if row.kind != "waiting"],
            steps=ascent(material.history),
            moves=list(moves),
        )

    def variant(self, material: Material, run: Run) -> str:
        standing = material.standings[run.id]
        template, parent = material.template, material.parent(run)
        known = material.standings[template.id] if template else None
        written = {**run.proposal.argument, **run.analysis}
        curved = material.workspace.with_curves(run)
        return self._render(
            "variant",
            material,
            up="../",
            run=run,
            standing=standing,
            template=template if template and template.id != run.id else None,
            parent=parent,
            parents=[material.by_name.get(name) or name for name in run.proposal.parents],
            note=[
                (
                    when,
                    [(section, material.prose.both(written[section])) for section in sections if section in written],
                )
                for when, sections in (("before", PROPOSED_SECTIONS), ("after", ANALYSED_SECTIONS))
            ],
            lines=task_lines(material.history, standing, known),
            settings=setting_lines(run, template) if run.scored else (),
            shown=shown_by(material.history, run) if run.scored else None,
            panels=panels(curved, template if template and template.id != run.id else None),
            against_parent=diff(parent.proposal.source, run.proposal.source) if parent else None,
            against_template=diff(template.proposal.source, run.proposal.source)
            if template and template.id != run.id and template != parent and (not parent or parent.id != template.id)
            else None,
            source=Markup("").join(Markup(f"<code>{line}\n</code>") for line in highlighted(run.proposal.source)),
            children=material.children(run),
            file=f"{RUNS}/{run.id}/{VARIANT}",
            expected=expectations(run, material.history) if run.stage == "proposed" else (),
            takes=card_of(parent).seconds if parent else None,
            to_confirm=command(f"confirm {run.id}", material.workspace.root),
            to_decide=command(f"review {run.id}", material.workspace.root),
            log=_log_of(material.workspace, run),
            cost=material.talks.cost(run),
        )

    def lineage(self, material: Material) -> str:
        return self._render(
            "lineage",
            material,
            nodes=tree(material.history, material.standings),
            lines=list(edges(material.history, material.standings)),
            way=[run.id for run in path_to(material.history, material.history.best)] if material.history.best else [],
        )

    def compare(self, material: Material) -> str:
        order = sorted(material.standings.values(), key=lambda standing: standing.order)
        known = [run.id for run in (material.history.baseline, material.history.best) if run is not None]
        preset = list(dict.fromkeys([*known, *(standing.run.id for standing in order[:2])]))[:2]
        return self._render("compare", material, choices=order, preset="&".join(preset))

    def ideas(self, material: Material) -> str:
        return self._render("ideas", material, ideas=ideas(material.history, material.standings, material.moves))

    def older(self, material: Material) -> str:
        prose = Prose(material.by_name, "")
        notes = [(note, [(name, prose.render(note.sections[name])) for name in SECTIONS if name in note.sections])
                 for note in material.older]  # fmt: skip
        return self._render("older", material, notes=notes)

    def live(self, status: Status, phase: Text) -> str:
        """What a search is doing just now: a piece of a page."""
        return self.environment.get_template("live.html.j2").render(status=status, phase=phase)

    def _render(self, page: str, material: Material, up: str = "", **facts: Any) -> str:
        return self.environment.get_template(f"{page}.html.j2").render(
            material=material, page=page, up=up, progress=material.progress, **facts
        )


def _log_of(workspace: Workspace, run: Run) -> str:
    """The last lines of what a failed run said."""
    path = workspace.folder(run) / LOG
    text = path.read_text(encoding="utf-8", errors="replace") if run.failure and path.exists() else ""
    return "\n".join(text.splitlines()[-LOG_LINES:])
