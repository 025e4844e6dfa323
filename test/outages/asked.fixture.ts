import { REAL } from '../home.fixture.js';

const { brokers } = REAL;

/**
 * The brokers, where the slow outages on real servers were asked for; else why not, for people.
 * `npm run test:outages` asks for them.
 */
export const asked: { brokers: string[] } | { why: string } =
  brokers === undefined
    ? { why: 'skipped, KAFKA_BROKERS names no broker (npm run test:outages)' }
    : process.env.OUTAGES
      ? { brokers }
      : { why: 'skipped, OUTAGES is not set (npm run test:outages)' };
