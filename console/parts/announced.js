// What a screen reader hears when it changes, and only then.

import { html, useMemo } from "../lib/html.js";

export const Announced = ({ text }) => useMemo(() => html`<p class="sr" role="status">${text || null}</p>`, [text]);
