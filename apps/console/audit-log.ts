import { Injectable } from '@nestjs/common';
import { Clock } from '#platform/clock';
import { AuditStore, type Audited, type AuditSubject } from '#privacy/audit.store';
import type { Caller } from './keys.guard.js';

/** Writes down what staff does: what shows or gives out what is known of a person before it does, the rest once it is done. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly store: AuditStore,
    private readonly clock: Clock,
  ) {}

  async note({ tenant, key, name }: Caller, what: Audited, about: AuditSubject = {}): Promise<void> {
    await this.store.add({ tenant, at: this.clock.now(), by: { key, name }, what, about });
  }
}
