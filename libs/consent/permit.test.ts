import { describe, expect, it } from '@jest/globals';
import { type Permit, PERMIT_MS, usePermit } from './may-send.js';
import { permitFor } from './permit.fixture.js';

const use = {
  message: 'row-1',
  ref: 'a1b2',
  channel: 'email' as const,
  address: 'anna@example.se',
  mono: 4_999,
};
const permit = (startedMono = 0): Permit => permitFor({ ...use, startedMono });

describe('a permit', () => {
  it('is good for what it was given for, which each case below spoils', () => {
    expect(usePermit(permit(), use)).toBe('ok');
  });
  it.each([
    ['message', { message: 'row-2' }],
    ['ref', { ref: 'ffff' }],
    ['channel', { channel: 'sms' as const }],
    ['address', { address: 'other@example.se' }],
    ['address', { address: '' }],
  ])('is good for no other %s', (what, other) => {
    expect(() => usePermit(permit(), { ...use, ...other })).toThrow(`permit is for another ${what}`);
  });
  it('does not show the address in its fault', () => {
    const fault = (): unknown => usePermit(permit(), { ...use, address: 'other@example.se' });
    expect(fault).toThrow(/^[^@]+$/);
  });
  it('works once', () => {
    const once = permit();
    usePermit(once, use);
    expect(() => usePermit(once, use)).toThrow('permit already used');
  });
  it('is not spent by a use that it refused', () => {
    const kept = permit();
    expect(() => usePermit(kept, { ...use, channel: 'sms' })).toThrow();
    expect(usePermit(kept, use)).toBe('ok');
  });
  it.each([
    ['W has passed', 0, PERMIT_MS],
    ['it was late from the start', -Infinity, 0],
    ['it starts in the future', 10, 0],
    ['the clock is no number', 0, NaN],
  ])('is late when %s', (_when, startedMono, mono) => {
    expect(usePermit(permit(startedMono), { ...use, mono })).toBe('late');
  });
  it('is late only from W on', () => {
    expect(usePermit(permit(1_000), { ...use, mono: 1_000 + PERMIT_MS - 1 })).toBe('ok');
  });

  const lookAlikes: [string, (real: Permit) => unknown][] = [
    ['a spread', (real) => ({ ...real })],
    ['a structured clone', (real) => structuredClone(real)],
    ['an object created from it', (real) => Object.create(real)],
    [
      'an object of its class',
      (real) => Object.assign(Object.create(Object.getPrototypeOf(real) as object) as object, real),
    ],
    ['JSON', (real) => JSON.parse(JSON.stringify(real))],
    ['a proxy', (real) => new Proxy(real, {})],
    ['nothing', () => undefined],
    ['null', () => null],
  ];
  it.each(lookAlikes)('is not copied by %s', (_how, copy) => {
    const copied = copy(permit()) as Permit;
    expect(() => usePermit(copied, use)).toThrow('a permit that the gate did not make');
  });
  it('keeps its fields', () => {
    const real = permit();
    expect(() => Object.assign(real, { channel: 'sms' })).toThrow(TypeError);
    expect(real.channel).toBe('email');
  });
  it('is not made by its own constructor got at run time', () => {
    const made = (): unknown => {
      const Made = permit().constructor as new (ask: object, address: string) => Permit;
      return usePermit(new Made({ ...use, tenant: 't', startedMono: 0 }, use.address), use);
    };
    expect(made).toThrow();
  });
});

/** Never run: it is tsc that looks here. Each line must not compile. */
export function whatDoesNotCompile(real: Permit): void {
  const fields = {
    tenant: '',
    message: '',
    ref: '',
    channel: 'email' as const,
    addressHash: '',
    startedMono: 0,
  };
  // @ts-expect-error an object literal with all the fields is no Permit
  usePermit(fields, use);
  // @ts-expect-error a spread of a Permit is no Permit
  usePermit({ ...real }, use);
  // @ts-expect-error the fields of a Permit stay
  real.channel = 'sms';
  // @ts-expect-error the fields of a Permit stay
  real.addressHash = '';
  // @ts-expect-error Permit is a type only: there is nothing to construct
  new Permit(fields, '');
}
