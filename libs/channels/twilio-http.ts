import twilio from 'twilio';
import { providerAgents, type ProviderAgents } from './provider-agents.js';

/** A 429, with the headers that Twilio's own errors leave out. */
export type RateLimited = Error & { rateLimit: Record<string, unknown> };

/** Twilio's HTTP client with our sockets, a deadline a call, and the headers of a 429 kept. */
export class TwilioHttp extends twilio.RequestClient {
  private readonly agents: ProviderAgents;

  constructor(width: number, timeoutMs: number) {
    // The client's own timeout comes after ours, which then says what happened.
    super({ timeout: timeoutMs + 1_000, keepAlive: true, autoRetry: false });
    this.agents = providerAgents(width, timeoutMs);
    this.axios.defaults.httpAgent = this.agents.httpAgent;
    this.axios.defaults.httpsAgent = this.agents.httpsAgent;
    this.axios.interceptors.response.use((answer) => {
      if (answer.status !== 429) return answer;
      throw Object.assign(new Error('rate limited'), { rateLimit: answer.headers });
    });
  }

  /** The deadline of the call that begins next: it is read when the call is made, synchronously. */
  set deadline(signal: AbortSignal) {
    this.axios.defaults.signal = signal;
  }

  close(): void {
    this.agents.httpAgent.destroy();
    this.agents.httpsAgent.destroy();
  }
}
