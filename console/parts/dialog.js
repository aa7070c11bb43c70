// A dialog of the browser's own: it keeps the focus, and Escape closes it.

import { html, useEffect, useRef } from "../lib/html.js";

export function Dialog({ title, isWide = false, onClose, children }) {
  const box = useRef();
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`
    <dialog ref=${box} class=${isWide ? "wide" : ""} aria-label=${title} onClose=${onClose}
      onClick=${(event) => event.target === box.current && onClose()}>
      <div class="dialog-body"><h2>${title}</h2>${children}</div>
    </dialog>`;
}
