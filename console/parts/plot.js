// What scatter plots and parallel coordinates share: a drawing of rows, each of which is a link that can be lit.

import { html, useRef } from "../lib/html.js";
import { navigate } from "../lib/router.js";
import { useWidth } from "../lib/use_width.js";

const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * `draw(width)` gives {frame, marks}: what stands behind, and {id, mark} of each row in its order. `looks` has the
 * look, the description and the address of each row by its id. Narrower than `least` px, the drawing scrolls.
 */
export function Plot({ label, height, least = 0, draw, looks, lit, onLight }) {
  const box = useRef();
  const seen = useWidth(box), width = seen && Math.max(seen, least);
  const { frame, marks } = width ? draw(width) : { frame: null, marks: [] };
  const reached = marks.some(({ id }) => id === lit) ? lit : marks[0]?.id;
  return html`
    <div class="plot" ref=${box} data-height=${height}>
      <svg width=${width} height=${height} role="group" aria-label=${label} onMouseLeave=${() => onLight(null)} onKeyDown=${walk}>
        <g aria-hidden="true">${frame}</g>
        ${marks.map(({ id, mark }) => html`
          <a key=${id} href=${looks.get(id).address} class=${`mark ${looks.get(id).color.replace("--", "stroke-")} ${lit && lit !== id ? "unlit" : ""}`}
            aria-label=${looks.get(id).description} tabindex=${id === reached ? 0 : -1}
            onMouseEnter=${() => onLight(id)} onFocus=${() => onLight(id)} onClick=${follow}>${mark}</a>`)}
      </svg>
    </div>`;
}

function walk(event) {
  const marks = [...event.currentTarget.querySelectorAll(".mark")];
  const way = KEYS[event.key];
  if (!way || !marks.length) return;
  event.preventDefault();
  const next = marks.indexOf(document.activeElement) + way;
  marks[(next + marks.length) % marks.length].focus();
}

function follow(event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(event.currentTarget.getAttribute("href"));
}
