// Asks before a run or a sweep is ended.

import { post } from "../lib/api.js";
import { html } from "../lib/html.js";
import { Ask } from "./ask.js";

/** `what` is a run or a sweep, at `address` of the API; `children` say what becomes of it. */
export const Cancel = ({ what, address, children, ...more }) => html`
  <${Ask} title=${`End this ${what}?`} yes=${`Cancel ${what}`} no="Let it train" failed="It wasn't cancelled" danger
    act=${() => post(`${address}/cancel`)} ...${more}><p>${children}</p><//>`;
