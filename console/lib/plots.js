// @ts-check
// Rows drawn by their columns: as points of two columns, or as lines across several. Pure: places go from 0 to 1.

import { scaleOf } from "./scale.js";

/**
 * @typedef {import("./scale.js").Value} Value
 * @typedef {import("./scale.js").Scale} Scale
 * @typedef {{id: string, label: string}} Column
 * @typedef {{id: string, values: Record<string, Value>}} Row a run, or a trial; `values` by the column's id
 * @typedef {{id: string, x: number, y: number}} Point `y` goes up
 * @typedef {{column: Column, scale: Scale}} Axis
 * @typedef {{id: string, heights: (number | null)[]}} Line a height for each axis; null where the row has no value
 */

/**
 * Points of the rows that have both values, from left to right.
 * @param {Row[]} rows
 * @param {Column} x
 * @param {Column} y
 * @returns {{x: Axis, y: Axis, points: Point[]}}
 */
export function scatter(rows, x, y) {
  const across = axisOf(rows, x), up = axisOf(rows, y);
  const points = rows.flatMap(({ id, values }) => {
    const left = across.scale.at(values[x.id]), height = up.scale.at(values[y.id]);
    return left === null || height === null ? [] : [{ id, x: left, y: height }];
  });
  return { x: across, y: up, points: points.sort((a, b) => a.x - b.x || a.y - b.y) };
}

/**
 * A line for each row across an axis for each column.
 * @param {Row[]} rows
 * @param {Column[]} columns
 * @returns {{axes: Axis[], lines: Line[]}}
 */
export function parallel(rows, columns) {
  const axes = columns.map((column) => axisOf(rows, column));
  return { axes, lines: rows.map(({ id, values }) => ({ id, heights: axes.map(({ column, scale }) => scale.at(values[column.id])) })) };
}

/**
 * The columns in which rows differ.
 * @param {Row[]} rows
 * @param {Column[]} columns
 */
export const varying = (rows, columns) => columns.filter(({ id }) => new Set(rows.map((row) => row.values[id])).size > 1);

/**
 * The pieces of a line between axes next to each other: numbers of an axis and the heights there.
 * @param {Line} line
 * @returns {[number, number][][]}
 */
export function pieces({ heights }) {
  /** @type {[number, number][][]} */
  const found = [[]];
  for (const [n, height] of heights.entries()) {
    if (height === null) found.push([]);
    else found[found.length - 1].push([n, height]);
  }
  return found.filter((piece) => piece.length);
}

/**
 * @param {Row[]} rows
 * @param {Column} column
 * @returns {Axis}
 */
const axisOf = (rows, column) => ({ column, scale: scaleOf(rows.map((row) => row.values[column.id])) });
