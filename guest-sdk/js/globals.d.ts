// The globals a worker has besides those of ECMAScript. For a tsconfig without the DOM and without Node's types:
//   "lib": ["ES2023"], "types": ["jfrog-workers/globals"]
// What workers do not have (Buffer, process, document, …) is not declared, and so a type error.
/// <reference path="globals/base.d.ts" />
/// <reference path="globals/console.d.ts" />
/// <reference path="globals/crypto.d.ts" />
/// <reference path="globals/encoding.d.ts" />
/// <reference path="globals/events.d.ts" />
/// <reference path="globals/fetch.d.ts" />
/// <reference path="globals/files.d.ts" />
/// <reference path="globals/streams.d.ts" />
/// <reference path="globals/timers.d.ts" />
/// <reference path="globals/transforms.d.ts" />
/// <reference path="globals/url.d.ts" />
/// <reference path="globals/writable.d.ts" />
