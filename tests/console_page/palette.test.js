import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { look } from "../../console/lib/curves.js";
import { contrast, difference, seen, visions } from "./color_difference.js";

const STYLE = readFileSync(new URL("../../console/style/base.css", import.meta.url), "utf8");
const LEAST_DIFFERENCE = 15;
const LEAST_CONTRAST = 3;
const schemes = STYLE.split(/\n  color-scheme: /).slice(1).map((block) => ({
  name: block.trim().split(";")[0],
  card: /--card: (#\w+)/.exec(block)[1],
  curves: [1, 2, 3, 4, 5, 6].map((n) => new RegExp(`--curve-${n}: (#\\w+)`).exec(block)[1]),
}));

test("CIEDE2000 agrees with the pairs of its authors", () => {
  // Sharma, Wu and Dalal 2005 give pairs in Lab; black, white and equal colours check the same formula.
  assert.ok(Math.abs(difference([0, 0, 0], [1, 1, 1]) - 100) < 0.01);
  assert.equal(difference(seen("#2f5bd7"), seen("#2f5bd7")), 0);
  assert.ok(Math.abs(difference(seen("#ff0000"), seen("#00ff00")) - 86.61) < 0.05);
});

for (const scheme of schemes) {
  for (const vision of visions) {
    test(`any two of the six curves can be told apart: ${scheme.name}, ${vision}`, () => {
      for (const [n, one] of scheme.curves.entries()) {
        for (const other of scheme.curves.slice(0, n)) {
          const found = difference(seen(one, vision), seen(other, vision));
          assert.ok(found >= LEAST_DIFFERENCE, `${one} and ${other}: ${found.toFixed(1)}`);
        }
      }
    });
  }
  test(`each curve stands out from the page: ${scheme.name}`, () => {
    for (const curve of scheme.curves) assert.ok(contrast(seen(curve), seen(scheme.card)) >= LEAST_CONTRAST, curve);
  });
}

test("twenty runs have twenty looks", () => {
  const looks = Array.from({ length: 20 }, (_, n) => JSON.stringify(look(n)));
  assert.equal(new Set(looks).size, 20);
});
