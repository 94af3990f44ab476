//@ worker.tsx
export default () => <a b={1}>c</a>;
