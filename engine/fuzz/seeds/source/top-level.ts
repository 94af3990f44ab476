const all = [1, 2, 3].map((x) => x * 2); if (all.length > 2) throw new TypeError('at the top', { cause: all });
export default () => all;
