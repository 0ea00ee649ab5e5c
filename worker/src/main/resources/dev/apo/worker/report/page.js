"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);

// ---- small helpers -----------------------------------------------------------------------------

/** An element with attributes and children; text is only ever text. */
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter(c => c !== null && c !== undefined));
  return node;
}
const isNumber = x => typeof x === "number" && Number.isFinite(x);
/** About three digits: 0.712, 1,234, 1.0e-6. */
function fmt(x) {
  if (!isNumber(x)) return "–";
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return x.toExponential(1).replace("e+", "e").replace(/-/g, "−");
  if (Number.isInteger(x) || size >= 100) return Math.round(x).toLocaleString("en");
  return x.toFixed(size >= 10 ? 1 : 3).replace("-", "−");
}
function time(seconds) {
  if (!isNumber(seconds)) return "–";
  const s = Math.round(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return s < 60 ? s + " s" : s < 3600 ? m + " min " + s % 60 + " s" : h + " h " + String(m).padStart(2, "0") + " min";
}
/** A label of an axis: as short as it can be. */
const label = x => Math.abs(x) < 1e6 && (x === 0 || Math.abs(x) >= 1e-3) ? (+x.toPrecision(4)).toLocaleString("en", {maximumFractionDigits: 6}).replace("-", "−") : fmt(x);
const mean = values => values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;

function ticks(lo, hi, count) {
  const raw = (hi - lo) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(f => f * power).find(s => s >= raw) || raw;
  const all = [];
  for (let t = Math.ceil(lo / step - 1e-9) * step; t <= hi + step * 1e-9; t += step) all.push(Math.abs(t) < step * 1e-9 ? 0 : t);
  return all;
}

// ---- theme ------------------------------------------------------------------------------------

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  at("theme").textContent = dark ? "Light" : "Dark";
}
const preference = matchMedia("(prefers-color-scheme: dark)");
theme(preference.matches);
preference.addEventListener("change", () => theme(preference.matches));
at("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
