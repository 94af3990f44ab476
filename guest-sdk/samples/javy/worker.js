// A worker as `javy build` takes it: the payload is a title, the value the slug that a URL can have. It is evaluated anew in
// every execution, and knows neither a context nor promises; a worker.ts that the host builds is faster and has both.

const payload = readPayload();
if (typeof payload !== "string") fail("PayloadError", "the payload is not a title");
const slug = payload
  .normalize("NFKD")
  .replace(/\p{M}/gu, "")
  .toLowerCase()
  .replace(/[^\p{L}\p{N}]+/gu, "-")
  .replace(/^-|-$/g, "");
if (slug === "") fail("PayloadError", `nothing is left of ${JSON.stringify(payload)}`);
console.error(`<7>${payload.length} characters became ${slug.length}`);
write(slug);

function readPayload() {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4096);
  let all = new Uint8Array(0);
  for (let read; (read = Javy.IO.readSync(0, bytes)) > 0;) {
    const longer = new Uint8Array(all.length + read);
    longer.set(all);
    longer.set(bytes.subarray(0, read), all.length);
    all = longer;
  }
  return all.length === 0 ? undefined : JSON.parse(decoder.decode(all));
}

function write(value) {
  Javy.IO.writeSync(1, new TextEncoder().encode(JSON.stringify(value)));
}

// Throws as a worker.ts would: what happened goes to stdout, and an error that nobody catches makes the exit code 1.
function fail(name, message) {
  write({ name, message });
  throw new Error(message);
}
