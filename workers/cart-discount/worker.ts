// Prices a shopping cart: discounts are applied in stages, in whole cents, and shared out over the lines to the cent.
import type { PlatformContext } from 'jfrog-workers';

enum Tier {
  Guest = 'guest',
  Member = 'member',
  Gold = 'gold',
}

/** Rules run in this order, each on what the ones before it left to pay. */
enum Stage {
  Line,
  Loyalty,
  Coupon,
}

interface Line {
  sku: string;
  category: string;
  quantity: number;
  unitCents: number;
}

interface Cart {
  lines: Line[];
  tier?: Tier;
  coupon?: string;
}

interface Quote {
  subtotal: string;
  discounts: { stage: string; name: string; amount: string }[];
  lines: { sku: string; due: string }[];
  total: string;
}

class CartError extends Error {
  override name = 'CartError';
}

namespace Money {
  /** A whole number of cents; floating-point amounts never enter the arithmetic. */
  export type Cents = number;

  export const sum = (amounts: readonly Cents[]): Cents => amounts.reduce((total, amount) => total + amount, 0);

  /** A whole percentage of an amount; half a cent is rounded up. */
  export const percent = (amount: Cents, rate: number): Cents => Math.round((amount * rate) / 100);

  export function format(amount: Cents): string {
    return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`;
  }

  /** Shares an amount in proportion to the weights. Cents left by rounding down go to the largest remainders. */
  export function share(amount: Cents, weights: readonly Cents[]): Cents[] {
    const total = BigInt(sum(weights));
    if (total === 0n) return weights.map(() => 0);
    // Two amounts multiplied can exceed 2^53, hence BigInt.
    const exact = weights.map((weight) => BigInt(amount) * BigInt(weight));
    const shares = exact.map((product) => Number(product / total));
    const order = exact.map((product, i) => ({ i, remainder: product % total }));
    order.sort((a, b) => Number(b.remainder - a.remainder) || a.i - b.i);
    for (const { i } of order.slice(0, amount - sum(shares))) shares[i]++;
    return shares;
  }
}

abstract class Rule {
  constructor(
    readonly stage: Stage,
    readonly name: string,
  ) {}

  /** What comes off each line, given what is still due on each. */
  abstract discounts(cart: Cart, due: readonly Money.Cents[]): Money.Cents[];
}

class ThirdFree extends Rule {
  constructor(private readonly category: string) {
    super(Stage.Line, `three for two on ${category}`);
  }

  discounts(cart: Cart): Money.Cents[] {
    const free = ({ category, quantity }: Line) => (category === this.category ? Math.floor(quantity / 3) : 0);
    return cart.lines.map((line) => free(line) * line.unitCents);
  }
}

class Bulk extends Rule {
  constructor(
    private readonly minimum: number,
    private readonly rate: number,
  ) {
    super(Stage.Line, `${rate}% from ${minimum} pieces`);
  }

  discounts(cart: Cart, due: readonly Money.Cents[]): Money.Cents[] {
    return due.map((cents, i) => (cart.lines[i].quantity >= this.minimum ? Money.percent(cents, this.rate) : 0));
  }
}

class Loyalty extends Rule {
  static readonly #rates: Record<Tier, number> = { [Tier.Guest]: 0, [Tier.Member]: 3, [Tier.Gold]: 7 };

  constructor() {
    super(Stage.Loyalty, 'loyalty');
  }

  discounts(cart: Cart, due: readonly Money.Cents[]): Money.Cents[] {
    return Money.share(Money.percent(Money.sum(due), Loyalty.#rates[cart.tier ?? Tier.Guest]), due);
  }
}

type Offer = { kind: 'percent'; rate: number } | { kind: 'fixed'; cents: number; minimum: number };

class Coupon extends Rule {
  static readonly offers = new Map<string, Offer>([
    ['WELCOME10', { kind: 'percent', rate: 10 }],
    ['TAKE5', { kind: 'fixed', cents: 500, minimum: 2000 }],
  ]);

  constructor() {
    super(Stage.Coupon, 'coupon');
  }

  discounts(cart: Cart, due: readonly Money.Cents[]): Money.Cents[] {
    const offer = Coupon.offers.get(cart.coupon ?? '');
    return Money.share(offer ? this.#amount(offer, Money.sum(due)) : 0, due);
  }

  #amount(offer: Offer, total: Money.Cents): Money.Cents {
    switch (offer.kind) {
      case 'percent':
        return Money.percent(total, offer.rate);
      case 'fixed':
        if (total >= offer.minimum) return offer.cents;
        console.info(`coupon needs ${Money.format(offer.minimum)}, only ${Money.format(total)} is left to pay`);
        return 0;
    }
  }
}

const rules: Rule[] = [new Coupon(), new Loyalty(), new ThirdFree('books'), new Bulk(10, 5)];
rules.sort((a, b) => a.stage - b.stage);

function check(data: unknown): asserts data is Cart {
  const { lines, tier = Tier.Guest, coupon } = (data ?? {}) as Partial<Cart>;
  if (!Array.isArray(lines) || lines.length === 0) throw new CartError('The cart needs at least one line.');
  const faults: string[] = [];
  const within = (value = NaN, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;
  for (const [i, line] of (lines as (Partial<Line> | null)[]).entries()) {
    if (typeof line?.sku !== 'string') faults.push(`line ${i + 1} needs a sku`);
    if (typeof line?.category !== 'string') faults.push(`line ${i + 1} needs a category`);
    if (!within(line?.quantity, 1, 1000)) faults.push(`line ${i + 1} needs a quantity from 1 to 1000`);
    if (!within(line?.unitCents, 0, 1e8)) faults.push(`line ${i + 1} needs a price in whole cents`);
  }
  if (!Object.values(Tier).includes(tier)) faults.push(`there is no tier "${tier}"`);
  if (coupon !== undefined && !Coupon.offers.has(coupon)) faults.push(`there is no coupon "${coupon}"`);
  if (faults.length > 0) throw new CartError(`The cart cannot be priced: ${faults.join('; ')}.`);
}

export default async (context: PlatformContext, data: unknown): Promise<Quote> => {
  check(data);
  let due = data.lines.map(({ quantity, unitCents }) => quantity * unitCents);
  const subtotal = Money.sum(due);
  const discounts: Quote['discounts'] = [];
  for (const rule of rules) {
    const off = rule.discounts(data, due);
    const amount = Money.sum(off);
    if (amount === 0) continue;
    due = due.map((cents, i) => cents - off[i]);
    discounts.push({ stage: Stage[rule.stage].toLowerCase(), name: rule.name, amount: Money.format(amount) });
  }
  return {
    subtotal: Money.format(subtotal),
    discounts,
    lines: data.lines.map(({ sku }, i) => ({ sku, due: Money.format(due[i]) })),
    total: Money.format(Money.sum(due)),
  };
};
