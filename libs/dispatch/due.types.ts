import type { DueClass } from '#purposes/stream';

/** What travels on `messages.due.<class>`: ids only. */
export interface Due {
  tenant: string;
  id: string;
  /** The release that it belongs to; a row released again since is another. */
  release: number;
}

/** The topic of a class; its key is `tenant/customer`. */
export function dueTopic(dueClass: DueClass): string {
  return `messages.due.${dueClass}`;
}
