// What the bundled packages mean by names that this runtime does not have (esbuild's --inject): Node's formatting asks
// whether a value is a URL, and here none is.
export class URL {}
