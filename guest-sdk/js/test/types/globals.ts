// What the globals of a worker take and give; a line after @ts-expect-error must not compile.
export async function web() {
  const response: Response = await fetch("https://x.example", {
    method: "POST",
    body: JSON.stringify({ a: 1 }),
    headers: { "content-type": "application/json" },
    signal: AbortSignal.any([AbortSignal.timeout(1000), new AbortController().signal]),
  });
  const json: any = await response.json();
  const bytes: Uint8Array = await response.bytes();
  if (response.body) for await (const chunk of response.body) bytes.set(chunk);
  const request = new Request(new URL("/x", "https://x.example"), {
    body: response.body,
    duplex: "half",
    method: "PUT",
  });
  await fetch(request.clone());
  // @ts-expect-error: integrity is not checked, and so refused
  await fetch("https://x.example", { integrity: "sha256-x" });
  for (const [name, value] of response.headers) console.log("%s: %s", name, value);
  const again = [
    Response.json({ a: 1 }, { status: 201 }),
    Response.redirect("https://x.example", 307),
    Response.error(),
    new Response(new Blob(["x"], { type: "text/plain" })),
    new Response(new FormData()),
    new Response(new URLSearchParams({ a: "1" })),
    new Response(null, { status: 204, headers: [["a", "1"]] }),
  ];
  const size: number = [...new URLSearchParams([["a", "1"]])].length;
  const groups = new URLPattern({ pathname: "/:id" }).exec("https://x.example/1")?.pathname.groups["id"];
  const form = new FormData();
  form.append("file", new File(["x"], "x.txt"), "y.txt");
  // @ts-expect-error: only a Blob can have a file name
  form.append("file", "x", "y.txt");
  return [json, again, size, groups];
}

export async function cryptography() {
  const data = new TextEncoder().encode("x");
  const digest: ArrayBuffer = await crypto.subtle.digest("SHA-256", data);
  const hmac = await crypto.subtle.importKey("raw", data, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const valid: boolean = await crypto.subtle.verify("HMAC", hmac, await crypto.subtle.sign("HMAC", hmac, data), data);
  const aes = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv },
    aes,
    await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, data),
  );
  const jwk: JsonWebKey = await crypto.subtle.exportKey("jwk", aes);
  // @ts-expect-error: not supported
  await crypto.subtle.digest("MD5", data);
  // @ts-expect-error: not supported
  await crypto.subtle.importKey("raw", data, "PBKDF2", false, ["deriveBits"]);
  // @ts-expect-error: not supported
  await crypto.subtle.deriveBits({ name: "PBKDF2" }, hmac, 256);
  // @ts-expect-error: keys are made by crypto.subtle
  new CryptoKey();
  return [digest, valid, plain, jwk, crypto.randomUUID()];
}

export async function streams() {
  const lines = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("x");
      controller.close();
    },
  });
  const packed: ReadableStream<Uint8Array> = lines
    .pipeThrough(new TextEncoderStream())
    .pipeThrough(new CompressionStream("gzip"));
  const upper = new TransformStream<string, string>({
    transform: (chunk, controller) => controller.enqueue(chunk.toUpperCase()),
  });
  await packed
    .pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(upper)
    .pipeTo(new WritableStream<string>({ write: (chunk) => console.log(chunk) }));
  // @ts-expect-error: no such format
  new CompressionStream("br");
  return ReadableStream.from([1, 2]);
}

export function rest() {
  const timer: number = setTimeout((a: number, b: string) => console.log(a, b), 10, 1, "x");
  clearTimeout(timer);
  clearInterval(setInterval(() => {}, 10));
  queueMicrotask(() => {});
  // @ts-expect-error: strings are not compiled
  setTimeout("code", 1);
  console.table([{ a: 1 }], ["a"]);
  console.assert(true, "never %s", "shown");
  // @ts-expect-error: a log cannot be cleared
  console.clear();
  const target = new EventTarget();
  target.addEventListener("x", (event: CustomEvent<number>) => console.log(event.detail), { once: true });
  target.dispatchEvent(new CustomEvent("x", { detail: 1 }));
  // @ts-expect-error: there is nothing to make object URLs for
  URL.createObjectURL(new Blob());
  const error = new DOMException("x", "AbortError");
  const copy: { a: Map<string, number> } = structuredClone({ a: new Map([["x", 1]]) });
  return [
    error instanceof Error,
    error.code === DOMException.ABORT_ERR,
    copy,
    atob(btoa("x")),
    performance.now(),
    self.fetch,
    globalThis.URL,
  ];
}
