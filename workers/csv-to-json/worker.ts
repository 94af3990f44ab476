// Turns CSV (RFC 4180) into typed JSON rows; cells that do not fit their column are reported by line.
import type { PlatformContext } from 'jfrog-workers';

type Cell = string | number | boolean | null;

interface Request {
  csv: string;
  /** One character; a comma unless said otherwise. */
  delimiter?: string;
  /** Types of columns by name; a column not named here is a string. */
  columns?: Record<string, ColumnType>;
}

interface Fault {
  line: number;
  column: string;
  message: string;
}

interface Table {
  /** The rows that fit. A row with a fault is left out. */
  rows: Record<string, Cell>[];
  faults: Fault[];
}

class CsvError extends Error {
  override name = 'CsvError';
}

/** Each gives undefined for text that is not of its type. */
const converters = {
  string: (text) => text,
  number: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? finite(Number(text)) : undefined),
  integer: (text) => (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  boolean: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined),
  date: (text) => (isDate(text) ? text : undefined),
} satisfies Record<string, (text: string) => Exclude<Cell, null> | undefined>;

type ColumnType = keyof typeof converters;

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** A real day written YYYY-MM-DD: Date rolls the 30th of February over into March, and so gives it away. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

interface CsvRecord {
  line: number;
  fields: string[];
}

class Reader {
  #position = 0;
  #line = 1;
  /** Characters that end an unquoted field, or have no place in one. */
  readonly #stops: Set<string>;

  constructor(
    private readonly text: string,
    private readonly delimiter: string,
  ) {
    this.#stops = new Set([delimiter, '\n', '\r', '"']);
  }

  /** Blank lines are skipped; the last record need not end in a line break. */
  *records(): Generator<CsvRecord> {
    while (this.#position < this.text.length) {
      if (this.#lineBreak()) continue;
      const line = this.#line;
      const fields = [this.#field()];
      while (this.text[this.#position] === this.delimiter) {
        this.#position++;
        fields.push(this.#field());
      }
      if (this.#position < this.text.length && !this.#lineBreak()) {
        throw new CsvError(`Line ${this.#line}: text follows a closing quote.`);
      }
      yield { line, fields };
    }
  }

  #lineBreak(): boolean {
    const length = this.text.startsWith('\r\n', this.#position) ? 2 : 1;
    const found = length === 2 || ['\n', '\r'].includes(this.text[this.#position]);
    if (found) {
      this.#position += length;
      this.#line++;
    }
    return found;
  }

  #field(): string {
    return this.text[this.#position] === '"' ? this.#quoted() : this.#plain();
  }

  #plain(): string {
    const start = this.#position;
    while (this.#position < this.text.length && !this.#stops.has(this.text[this.#position])) this.#position++;
    if (this.text[this.#position] === '"') throw new CsvError(`Line ${this.#line}: a quote inside an unquoted field.`);
    return this.text.slice(start, this.#position);
  }

  #quoted(): string {
    const parts: string[] = [];
    do {
      const start = this.#position + 1;
      const end = this.text.indexOf('"', start);
      if (end < 0) throw new CsvError(`Line ${this.#line}: this quoted field is never closed.`);
      parts.push(this.text.slice(start, end));
      this.#position = end + 1;
    } while (this.text[this.#position] === '"');
    const field = parts.join('"');
    this.#line += field.match(/\r\n|\n|\r/g)?.length ?? 0;
    return field;
  }
}

function check(data: unknown): asserts data is Request {
  const { csv, delimiter = ',', columns = {} } = (data ?? {}) as Partial<Request>;
  if (typeof csv !== 'string') throw new CsvError('The payload needs "csv", a string.');
  if (typeof delimiter !== 'string' || !/^[^"\r\n]$/.test(delimiter)) {
    throw new CsvError('The delimiter must be one character, and neither a quote nor a line break.');
  }
  const unknown = Object.entries(columns).filter(([, type]) => !Object.hasOwn(converters, type));
  if (unknown.length > 0) {
    const named = unknown.map(([column, type]) => `"${column}" has "${type}"`).join(', ');
    throw new CsvError(`A column type is one of ${Object.keys(converters).join(', ')}; ${named}.`);
  }
}

export default async (context: PlatformContext, data: unknown): Promise<Table> => {
  check(data);
  const { csv, delimiter = ',', columns = {} } = data;
  const records = new Reader(csv.replace(/^\uFEFF/, ''), delimiter).records();
  const header: string[] = records.next().value?.fields ?? [];
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) throw new CsvError(`The header names "${twice}" twice.`);
  const absent = Object.keys(columns).filter((name) => !header.includes(name));
  if (absent.length > 0)
    throw new CsvError(`The header has no column ${absent.map((name) => `"${name}"`).join(', ')}.`);

  const types = header.map((name): ColumnType => (Object.hasOwn(columns, name) ? columns[name] : 'string'));
  const table: Table = { rows: [], faults: [] };
  for (const { line, fields } of records) {
    if (fields.length !== header.length) {
      throw new CsvError(`Line ${line}: ${fields.length} fields under a header of ${header.length}.`);
    }
    const faults: Fault[] = [];
    const cells = fields.map((text, i): [string, Cell] => {
      const [column, type] = [header[i], types[i]];
      if (text === '' && type !== 'string') return [column, null];
      const cell = converters[type](text);
      if (cell === undefined) faults.push({ line, column, message: `"${text}" is not of type ${type}` });
      return [column, cell ?? null];
    });
    if (faults.length > 0) table.faults.push(...faults);
    else table.rows.push(Object.fromEntries(cells));
  }
  return table;
};
