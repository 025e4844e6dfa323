import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CHANNELS } from '#purposes/channel';
import type { Trace } from '#purposes/trace';
import { keptTrace, traceOf } from './kept-trace.js';

const traces: fc.Arbitrary<Trace> = fc.array(
  fc.record(
    { check: fc.string(), saw: fc.string(), passed: fc.boolean(), channel: fc.constantFrom(...CHANNELS) },
    { requiredKeys: ['check', 'saw', 'passed'] },
  ),
);

describe('a kept trace', () => {
  it('is read as it was', () => {
    fc.assert(fc.property(traces, (trace) => expect(traceOf(keptTrace(trace))).toEqual(trace)));
  });

  it('is one text', () => {
    const trace = [
      { check: 'known', saw: 'a known customer', passed: true, channel: 'sms' as const },
      { check: 'has-address', saw: 'none for sms', passed: false, channel: 'sms' as const },
    ];
    expect(keptTrace(trace)).toBe(
      '[["sms",1,"known","a known customer"],["sms",0,"has-address","none for sms"]]',
    );
  });

  it('of an earlier version is read too', () => {
    const trace = [{ check: 'known', saw: 'a known customer', passed: true }];
    expect(traceOf(trace)).toBe(trace);
  });
});
