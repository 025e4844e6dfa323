import type { Route } from '#channels/failover';
import type { Senders } from '#channels/senders';
import type { MessageRow } from '#messages/message.types';
import type { Channel } from '#purposes/channel';
import type { Stream } from '#purposes/stream';
import type { Templates } from '#rendering/templates';
import type { Means } from './decide.js';

/** What this house can do, told to the gate: its senders, LAGOM_SEND, its templates. */
export class MeansOfHouse implements Means {
  constructor(
    private readonly senders: Senders,
    private readonly templates: Templates,
  ) {}

  has(tenant: string, stream: Stream, channel: Channel): boolean {
    return this.senders.has(tenant, stream, channel);
  }

  allowed(channel: Channel, address: string): boolean {
    return this.senders.allowed(channel, address);
  }

  route({ _id: message, tenant, stream, attempts: tried }: MessageRow, channel: Channel): Route | null {
    return this.senders.route({ message, tenant, stream, channel, tried });
  }

  shares(tenant: string, stream: Stream): boolean {
    return this.senders.shares(tenant, stream);
  }

  contentProblem(template: string, channel: Channel): string | null {
    const isWritten = (channel === 'email' || channel === 'sms') && this.templates.names().includes(template);
    return isWritten ? null : `no template ${template} for ${channel}`;
  }
}
