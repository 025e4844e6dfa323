import type { DueClass } from '#purposes/stream';

/** What travels on `messages.due.<class>`: ids only. */
export interface Due {
  tenant: string;
  id: string;
  /** The release that it belongs to; a row released again since is another. */
  release: number;
}

/** One as it was heard. */
export interface DueHeard extends Due {
  /** 1 on the first try in this process. */
  deliveries: number;
  /** The span that handles it; only where traces are on. */
  traceparent?: string | undefined;
}

/** The topic of a class; its key is `tenant/customer`. */
export function dueTopic(dueClass: DueClass): string {
  return `messages.due.${dueClass}`;
}
