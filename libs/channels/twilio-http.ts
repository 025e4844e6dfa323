import twilio from 'twilio';
import { providerAgents, type ProviderAgents } from './provider-agents.js';

type Request = Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0];

/** A 429, with the headers that Twilio's own errors leave out. */
export type RateLimited = Error & { rateLimit: Record<string, unknown> };

/** Twilio's HTTP client with our sockets, a deadline a call, and the headers of a 429 kept. */
export class TwilioHttp extends twilio.RequestClient {
  /** The deadline of the call that begins next; read synchronously. */
  deadline: AbortSignal | undefined;
  private readonly agents: ProviderAgents;

  constructor(width: number, timeoutMs: number) {
    // The client's own timeout comes after ours, which then says what happened.
    super({ timeout: timeoutMs + 1_000, keepAlive: true, autoRetry: false });
    this.agents = providerAgents(width);
    this.axios.defaults.httpAgent = this.agents.httpAgent;
    this.axios.defaults.httpsAgent = this.agents.httpsAgent;
  }

  override async request<T>(options: Request): ReturnType<typeof this.ask<T>> {
    return this.ask<T>(options);
  }

  private async ask<T>(options: Request) {
    if (this.deadline) this.axios.defaults.signal = this.deadline;
    const answer = await super.request<T>(options as never);
    const { statusCode, headers } = answer as { statusCode: number; headers?: Record<string, unknown> };
    if (statusCode === 429) throw Object.assign(new Error('rate limited'), { rateLimit: headers ?? {} });
    return answer;
  }

  close(): void {
    this.agents.httpAgent.destroy();
    this.agents.httpsAgent.destroy();
  }
}
