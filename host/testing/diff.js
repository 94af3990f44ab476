// What differs between two texts, line by line.

/** Beyond, the texts are shown one after the other: the comparison takes time by the product of their lines. */
const MOST_LINES = 500;

/** Equal lines shown around a change, and lines shown in all. */
const AROUND = 3;
const SHOWN = 80;

/** Lines that begin with `+` for what is, `-` for what was expected, and a space for what is the same. */
export function diff(actual, expected) {
  const [a, b] = [actual.split("\n"), expected.split("\n")];
  const whole = a.length > MOST_LINES || b.length > MOST_LINES;
  const all = whole ? [...a.map((line) => ["+", line]), ...b.map((line) => ["-", line])] : compared(a, b);
  const near = (at) => all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(([sign]) => sign !== " ");
  const shown = [];
  for (const [at, [sign, line]] of all.entries()) {
    if (sign !== " " || near(at)) shown.push(`${sign} ${line}`);
    else if (shown.at(-1) !== "…") shown.push("…");
  }
  const more = shown.length - SHOWN;
  return [...shown.slice(0, SHOWN), ...(more > 0 ? [`… ${more} more lines`] : [])].join("\n");
}

/** A comma at the end of a line is there because of the next one. */
function compared(a, b) {
  const loosely = compare(a, b, (line) => line.replace(/,$/, ""));
  return loosely.some(([sign]) => sign !== " ") ? loosely : compare(a, b, (line) => line);
}

/** By the longest sequence of lines that both have; `key` gives what of a line counts. */
function compare(a, b, key) {
  const [left, right] = [a.map(key), b.map(key)];
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = left[i] === right[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const all = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && left[i] === right[j]) all.push([" ", a[i++], j++]);
    else if (j >= b.length || (i < a.length && length[i + 1][j] >= length[i][j + 1])) all.push(["+", a[i++]]);
    else all.push(["-", b[j++]]);
  }
  return all;
}
