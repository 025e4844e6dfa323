import { describe, expect, it } from '@jest/globals';
import { networkFailure } from './provider-failure.js';

const running = new AbortController().signal;
const failure = (fields: object) => Object.assign(new Error('anna@example.se'), fields);

describe('a call without an answer', () => {
  it.each([
    ['refused', { code: 'ECONNREFUSED' }],
    ['no such host', { code: 'ENOTFOUND' }],
    ['the resolver asks for patience', { code: 'EAI_AGAIN' }],
    ['a connect that timed out', { code: 'ETIMEDOUT', syscall: 'connect' }],
    ['our own connect timeout', { code: 'ECONNECTTIMEOUT' }],
    ['a wrong certificate', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }],
    ['wrapped by a client', { code: 'ERR_NETWORK', cause: failure({ code: 'EHOSTUNREACH' }) }],
    ['renamed by nodemailer', { code: 'ESOCKET', originalCode: 'ECONNREFUSED' }],
  ])('was surely not sent: %s', (_, fields) => {
    expect(networkFailure(failure(fields), running)).toMatchObject({ kind: 'retry-at' });
  });

  it.each([
    ['a reset', { code: 'ECONNRESET' }, 'econnreset'],
    ['a read that timed out', { code: 'ETIMEDOUT', syscall: 'read' }, 'etimedout'],
    ['a broken pipe', { code: 'EPIPE' }, 'epipe'],
    ['a sentence for a code', { code: 'no anna@example.se here' }, 'network'],
    ['nothing known', {}, 'network'],
  ])('may have been sent: %s', (_, fields, reason) => {
    expect(networkFailure(failure(fields), running)).toEqual({ kind: 'unknown', reason });
  });

  it('may have been sent after Q', () => {
    expect(networkFailure(failure({}), AbortSignal.abort())).toEqual({ kind: 'unknown', reason: 'timeout' });
  });

  it.each([null, undefined, 'text'])('may have been sent where %p was thrown', (thrown) => {
    expect(networkFailure(thrown, running)).toEqual({ kind: 'unknown', reason: 'network' });
  });
});
