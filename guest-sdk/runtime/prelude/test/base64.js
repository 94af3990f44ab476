// The part of ES2026 that QuickJS-ng 0.15 has and that Node 20 lacks.
(() => {
  const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const URL_SAFE = STANDARD.replace("+/", "-_");
  const define = (object, name, value) => {
    if (!(name in object)) Object.defineProperty(object, name, { value, writable: true, configurable: true });
  };
  define(Uint8Array.prototype, "toHex", function () {
    return Array.from(this, (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
  define(Uint8Array.prototype, "toBase64", function ({ alphabet, omitPadding } = {}) {
    const digits = alphabet === "base64url" ? URL_SAFE : STANDARD;
    let text = "";
    for (let i = 0; i < this.length; i += 3) {
      const bits = (this[i] << 16) | ((this[i + 1] ?? 0) << 8) | (this[i + 2] ?? 0);
      const four = [18, 12, 6, 0].map((shift) => digits[(bits >> shift) & 63]).join("");
      const count = Math.min(3, this.length - i);
      text += count === 3 ? four : four.slice(0, count + 1) + (omitPadding ? "" : "=".repeat(3 - count));
    }
    return text;
  });
  define(Uint8Array, "fromHex", (string) =>
    Uint8Array.from(string.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  );
  define(Uint8Array, "fromBase64", (string, { alphabet } = {}) => {
    const digits = alphabet === "base64url" ? URL_SAFE : STANDARD;
    const text = string.replace(/[\t\n\f\r ]/g, "");
    const bare = text.replace(/=+$/, "");
    const padding = text.length - bare.length;
    if ([...bare].some((digit) => !digits.includes(digit))) throw new SyntaxError("not base64");
    if (bare.length % 4 === 1 || padding > 2 || (padding > 0 && text.length % 4 !== 0))
      throw new SyntaxError("not base64");
    const bytes = [];
    let bits = 0;
    for (let i = 0; i < bare.length; i++) {
      bits = ((bits << 6) | digits.indexOf(bare[i])) & 0xffffff;
      if (i % 4 > 0) bytes.push((bits >> (6 - 2 * (i % 4))) & 0xff);
    }
    return Uint8Array.from(bytes);
  });
})();
