import { describe, expect, it } from '@jest/globals';
import { Metrics, type LedgerFigures } from './metrics.js';

const NOTHING: LedgerFigures = {
  oldestDue: {},
  rows: {},
  deadLettersOpen: 0,
  outboxWaiting: 0,
  outboxOldestSeconds: 0,
  webhookSilence: {},
  pauses: {},
  requestsOverdue: {},
  testsUndecided: {},
};

const message = { tenant: 'wellbe', purpose: 'booking', channel: 'email', status: 'accepted' };

describe('Metrics', () => {
  it('shows what was counted', async () => {
    const metrics = new Metrics();
    metrics.message(message);
    metrics.message({ ...message, status: 'refused', reason: 'no-consent' });
    metrics.event('booking.confirmed.v1', 'applied', 0.02);
    metrics.deadLetter('booking.events');
    metrics.cardsMasked(2);
    metrics.ledger({ ...NOTHING, oldestDue: { service: 12 } });
    metrics.breaker('wellbe-mail', 'open');
    metrics.http('u', 503, 0.02);
    metrics.providerCall('wellbe-mail', 'accepted', 0.3);
    const text = await metrics.text();
    for (const line of [
      'lagom_messages_total{tenant="wellbe",purpose="booking",channel="email",status="accepted",reason=""} 1',
      'lagom_messages_total{tenant="wellbe",purpose="booking",channel="email",status="refused",reason="no-consent"} 1',
      'lagom_events_total{type="booking.confirmed.v1",outcome="applied"} 1',
      'lagom_dead_letters_total{topic="booking.events"} 1',
      'lagom_card_numbers_masked_total 2',
      'lagom_oldest_due_seconds{class="service"} 12',
      'lagom_breaker_state{account="wellbe-mail"} 2',
      'lagom_http_seconds_count{area="u",status="5xx"} 1',
      'lagom_provider_seconds_count{account="wellbe-mail",outcome="accepted"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('makes no label of what somebody chose', async () => {
    const metrics = new Metrics();
    metrics.event('anna@example.se', 'rejected');
    for (let index = 0; index < 1_000; index += 1) metrics.event(`type-${index}`, 'rejected');
    const text = await metrics.text();
    expect(text).not.toContain('anna');
    expect(text.match(/^lagom_events_total\{/gm)).toHaveLength(201);
  });

  it('keeps two processes in one apart', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.cardsMasked(1);
    expect(await two.text()).toContain('lagom_card_numbers_masked_total 0');
  });

  it('forgets what only a leader knows once it leads no more', async () => {
    const metrics = new Metrics();
    metrics.ledger({ ...NOTHING, rows: { unknown: 3 }, webhookSilence: { a: 60 }, deadLettersOpen: 2 });
    expect(await metrics.text()).toContain('lagom_rows{status="unknown"} 3');
    metrics.ledger(null);
    const text = await metrics.text();
    expect(text).not.toMatch(/^lagom_rows\{|^lagom_webhook_silence_seconds\{/m);
    expect(text).toContain('lagom_dead_letters_open 0\n');
  });

  it('answers a scrape though what it asks fails', async () => {
    const metrics = new Metrics();
    metrics.atScrape(() => Promise.reject(new Error('no broker answers')));
    metrics.atScrape(() => metrics.consumerLag('booking.events', 7));
    expect(await metrics.text()).toContain('lagom_consumer_lag{topic="booking.events"} 7');
  });
});
