// The globals of a worker. Written by `host types`, which writes it anew.
/// <reference path="jfrog-workers/globals.d.ts" />
