// What the month has cost, against the cap that the stack's owner has set; nothing where there is none.

import { count, usd } from "../lib/format.js";
import { html } from "../lib/html.js";

const money = (value) => (value >= 1000 ? `$${count(Math.round(value))}` : value >= 1 || value === 0 ? `$${value.toFixed(2)}` : usd(value));

/** `of` is the month; on the page of a project that has a cap of its own, that is shown. */
export function Budget({ of, project }) {
  const own = of.projects?.find((each) => each.project === project);
  const spending = own || of;
  const cap = spending.cap_usd;
  if (typeof cap !== "number") return null;
  const { spent_usd: spent, reserved_usd: held } = spending;
  const share = (value) => `${Math.min(100, (100 * value) / (cap || 1))}%`;
  const told = `${money(spent)} spent and ${money(held)} held for runs, of ${money(cap)} in ${of.month}${own ? ` for ${project}` : ""}`;
  return html`
    <a href="/costs" class=${`budget ${spent + held >= cap ? "full" : ""}`} title=${told}>
      <span><b>${money(spent)}</b> <span class="dim">of ${money(cap)}</span></span>
      <div class="budget-bar" role="meter" aria-label="Budget" aria-valuemin="0" aria-valuemax=${cap} aria-valuenow=${Math.min(spent, cap)} aria-valuetext=${told}>
        <i style=${{ width: share(spent) }} /><i class="held" style=${{ width: share(held) }} />
      </div>
    </a>`;
}
