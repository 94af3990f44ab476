// Events and abort signals. No tree: an event has one target, and the phases before and after it do not occur.
// Source: the DOM standard.

/** Options of an Event. */
interface EventInit {
  /** Kept and shown; nothing bubbles here. */
  bubbles?: boolean;
  /** Whether `preventDefault` has an effect. */
  cancelable?: boolean;
  /** Kept and shown. */
  composed?: boolean;
}
/** The phases of an event by number. */
interface EventPhases {
  /** 0. */
  readonly NONE: 0;
  /** 1. */
  readonly CAPTURING_PHASE: 1;
  /** 2. */
  readonly AT_TARGET: 2;
  /** 3. */
  readonly BUBBLING_PHASE: 3;
}
/** Something that happened. */
interface Event extends EventPhases {
  /** Its name. */
  readonly type: string;
  /** What it was dispatched to. */
  readonly target: EventTarget | null;
  /** The same as `target`. */
  readonly srcElement: EventTarget | null;
  /** `target` while it is dispatched. */
  readonly currentTarget: EventTarget | null;
  /** `NONE` or `AT_TARGET`. */
  readonly eventPhase: number;
  /** Whether it was made with `bubbles`. */
  readonly bubbles: boolean;
  /** Whether `preventDefault` has an effect. */
  readonly cancelable: boolean;
  /** Whether it was made with `composed`. */
  readonly composed: boolean;
  /** Whether `preventDefault` took effect. */
  readonly defaultPrevented: boolean;
  /** Whether the runtime dispatched it. */
  readonly isTrusted: boolean;
  /** When it was made, as `performance.now()`. */
  readonly timeStamp: number;
  /** Old name of `stopPropagation`: set it to true. */
  cancelBubble: boolean;
  /** Old name of `preventDefault`: set it to false. */
  returnValue: boolean;
  /** The target while it is dispatched. */
  composedPath(): EventTarget[];
  /** Keeps it from other targets; there are none. */
  stopPropagation(): void;
  /** Keeps it from the listeners that follow. */
  stopImmediatePropagation(): void;
  /** Makes `dispatchEvent` return false. */
  preventDefault(): void;
  /** Old form of the constructor. */
  initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void;
}
declare var Event: EventPhases & {
  prototype: Event;
  new (type: string, options?: EventInit): Event;
};

/** An event with a value of your own. */
interface CustomEvent<T = any> extends Event {
  /** The value. */
  readonly detail: T;
  /** Old form of the constructor. */
  initCustomEvent(type: string, bubbles?: boolean, cancelable?: boolean, detail?: T): void;
}
declare var CustomEvent: EventPhases & {
  prototype: CustomEvent;
  new <T = any>(type: string, options?: EventInit & { detail?: T }): CustomEvent<T>;
};

/** A listener: a function, or an object with `handleEvent`. What it throws goes to the log. */
type EventListenerOrEventListenerObject = ((event: any) => void) | { handleEvent(event: any): void };
/** Options of `addEventListener`. */
interface AddEventListenerOptions {
  /** Tells two listeners apart; without a tree it has no other meaning. */
  capture?: boolean;
  /** Whether it is removed by the first event. */
  once?: boolean;
  /** Whether `preventDefault` has no effect in it. */
  passive?: boolean;
  /** Removes the listener when it aborts. */
  signal?: AbortSignal;
}
/** What events are dispatched to. */
interface EventTarget {
  /** Adds a listener, once for each callback and `capture`. */
  addEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  /** Removes a listener. */
  removeEventListener(
    type: string,
    callback: EventListenerOrEventListenerObject | null,
    options?: { capture?: boolean } | boolean,
  ): void;
  /** Calls the listeners; false when one prevented the default. */
  dispatchEvent(event: Event): boolean;
}
declare var EventTarget: {
  prototype: EventTarget;
  new (): EventTarget;
};

/** Tells when something is to stop. */
interface AbortSignal extends EventTarget {
  /** Whether it has aborted. */
  readonly aborted: boolean;
  /** Why: a DOMException `AbortError` or `TimeoutError`, or what `abort` was given. */
  readonly reason: any;
  /** A listener for `abort`. */
  onabort: ((this: AbortSignal, event: Event) => any) | null;
  /** Throws `reason` when it has aborted. */
  throwIfAborted(): void;
}
declare var AbortSignal: {
  prototype: AbortSignal;
  /** Throws: only the runtime makes these. */
  new (illegal: never): AbortSignal;
  /** A signal that has aborted. */
  abort(reason?: any): AbortSignal;
  /** A signal that aborts after so many milliseconds, with a `TimeoutError`. */
  timeout(milliseconds: number): AbortSignal;
  /** A signal that aborts when the first of the signals does. */
  any(signals: Iterable<AbortSignal>): AbortSignal;
};

/** Aborts its signal. */
interface AbortController {
  /** To hand to what shall stop. */
  readonly signal: AbortSignal;
  /** Aborts the signal; `reason` is a DOMException `AbortError` by default. */
  abort(reason?: any): void;
}
declare var AbortController: {
  prototype: AbortController;
  new (): AbortController;
};
