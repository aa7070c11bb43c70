// Colours as people with colour-vision deficiency see them (Machado, Oliveira and Fernandes 2009, severity 1),
// and how far apart two colours are (CIEDE2000).

const VISIONS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};
export const visions = Object.keys(VISIONS);

/** A hex colour in linear light, as a kind of vision has it. */
export function seen(hex, vision = "normal") {
  const rgb = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255));
  const matrix = VISIONS[vision];
  return [0, 3, 6].map((row) => clipped(matrix[row] * rgb[0] + matrix[row + 1] * rgb[1] + matrix[row + 2] * rgb[2]));
}

/** WCAG's contrast of two colours in linear light. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const clipped = (value) => Math.min(1, Math.max(0, value));
const luminance = ([r, g, b]) => 0.2126729 * r + 0.7151522 * g + 0.072175 * b;

function lab(rgb) {
  const [r, g, b] = rgb;
  const xyz = [(0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047, luminance(rgb), (0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883];
  const [x, y, z] = xyz.map((t) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const degrees = (radians) => (radians * 180) / Math.PI;
const radians = (angle) => (angle * Math.PI) / 180;
const hue = (a, b) => (degrees(Math.atan2(b, a)) + 360) % 360;

/** CIEDE2000 of two colours in linear light. */
export function difference(one, other) {
  const [l1, a1, b1] = lab(one), [l2, a2, b2] = lab(other);
  const gray = Math.sqrt(((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7 / (((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7 + 25 ** 7));
  const p1 = a1 * (1.5 - gray / 2), p2 = a2 * (1.5 - gray / 2);
  const c1 = Math.hypot(p1, b1), c2 = Math.hypot(p2, b2), h1 = hue(p1, b1), h2 = hue(p2, b2);
  const turn = c1 * c2 === 0 ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const chroma = (c1 + c2) / 2, light = (l1 + l2) / 2;
  const mean = c1 * c2 === 0 ? h1 + h2 : Math.abs(h1 - h2) > 180 ? ((h1 + h2 + 360) / 2) % 360 : (h1 + h2) / 2;
  const t = 1 - 0.17 * Math.cos(radians(mean - 30)) + 0.24 * Math.cos(radians(2 * mean)) + 0.32 * Math.cos(radians(3 * mean + 6)) - 0.2 * Math.cos(radians(4 * mean - 63));
  const dl = (l2 - l1) / (1 + (0.015 * (light - 50) ** 2) / Math.sqrt(20 + (light - 50) ** 2));
  const dc = (c2 - c1) / (1 + 0.045 * chroma);
  const dh = (2 * Math.sqrt(c1 * c2) * Math.sin(radians(turn / 2))) / (1 + 0.015 * chroma * t);
  const rotation = -Math.sin(radians(60 * Math.exp(-(((mean - 275) / 25) ** 2)))) * 2 * Math.sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7));
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}
