import type { Channel } from './channel.js';

/** One check of the gate: its name, what it saw (never personal data), and whether the message may go on. */
export interface TraceStep {
  check: string;
  saw: string;
  passed: boolean;
  channel?: Channel;
}
export type Trace = readonly TraceStep[];
