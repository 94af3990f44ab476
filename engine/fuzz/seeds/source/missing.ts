//@ worker.ts
import a from './gone'; import fs from 'node:fs'; import '../../etc/passwd'; import 'https://x/y.js'; import { z } from 'zod'; import './b.tsx'; import './c.css';
export default [a, fs, z];
//@ b.tsx
export default <a/>;
//@ c.css
a { }
