import { isbot } from 'isbot';

/**
 * Tells people from machines. Most of what opens a mail first is none of us: the gateway that looks for viruses before it
 * is delivered, the provider's proxy that fetches every picture. Where it cannot be told, it counts as a machine: a
 * report that says less is better than one that says what nobody did.
 */

/** What a request says of who asks. Nothing of it is kept. */
export interface Asker {
  userAgent: string | undefined;
  /** `Sec-Purpose`, `Purpose`, `X-Purpose`, `X-Moz`: set by who fetches ahead of being asked. */
  purposes: readonly (string | undefined)[];
}

/** Why it was a machine; null: nothing says so. */
export type Machine =
  /** No user agent, or one that no browser has. */
  | 'nameless'
  /** A proxy for pictures of a mail provider: it fetches for people, and ahead of them. */
  | 'mail-proxy'
  /** A gateway that looks into links. */
  | 'scanner'
  /** Any other program that says what it is. */
  | 'robot'
  /** Fetched ahead of a click. */
  | 'prefetch'
  /** Sooner after it was sent than anybody reads. */
  | 'too-soon'
  /** Several links of one mail at the same moment. */
  | 'burst';

/**
 * Proxies: Gmail (`GoogleImageProxy`, `ggpht.com`), Yahoo (`YahooMailProxy`), Apple's Mail Privacy Protection, which says
 * `Mozilla/5.0` and no more, and so does no browser.
 */
const MAIL_PROXY = /googleimageproxy|ggpht\.com|yahoomailproxy|^mozilla\/5\.0$/i;

/** Gateways that name themselves. Outlook's Safe Links and others go as a browser: `tellApart` knows them by their pace. */
const SCANNER =
  /safelinks|barracuda|proofpoint|mimecast|messagelabs|symantec|trendmicro|trend micro|fireeye|trellix|sophos|forcepoint|zscaler|ironport|fortimail|vade|cloudmark|bitdefender|bingpreview/i;

/** Prefetch and prerender (https://wicg.github.io/nav-speculation/prefetch.html, `Sec-Purpose`), and their older names. */
const AHEAD = /prefetch|prerender|preview/i;

/** No browser's is as short. */
const SHORTEST_AGENT = 12;

/** What a single request gives away of a machine. Pure. */
export function machineBy({ userAgent, purposes }: Asker): Machine | null {
  const agent = userAgent?.trim() ?? '';
  if (purposes.some((purpose) => purpose !== undefined && AHEAD.test(purpose))) return 'prefetch';
  if (MAIL_PROXY.test(agent)) return 'mail-proxy';
  if (SCANNER.test(agent)) return 'scanner';
  if (agent.length < SHORTEST_AGENT) return 'nameless';
  return isbot(agent) ? 'robot' : null;
}

/** Sooner than this after a mail was handed over, or delivered, nobody has read it. */
export const TOO_SOON_MS = 10_000;
/** Two links of one mail within this were not clicked by one hand. */
export const BURST_MS = 1_500;

/** A request for a link or picture of one mail. */
export interface Heard {
  link: string | null;
  at: Date;
  machine: Machine | null;
}

/**
 * What all that was heard of one mail gives away. `handedOver`: when it was sent, and when it was said to be delivered.
 * Pure; in the order of `heard`.
 */
export function tellApart<T extends Heard>(heard: readonly T[], handedOver: readonly Date[]): T[] {
  const hurried = inBursts(heard);
  return heard.map((one) => {
    if (one.machine !== null) return one;
    const after = handedOver.map((at) => one.at.getTime() - at.getTime());
    if (after.some((ms) => ms >= -TOO_SOON_MS && ms < TOO_SOON_MS)) return { ...one, machine: 'too-soon' };
    return hurried.has(one) ? { ...one, machine: 'burst' } : one;
  });
}

/** Those with two links near them. A window over them by time: whoever asks often makes no more work than others. */
function inBursts<T extends Heard>(heard: readonly T[]): Set<T> {
  const sorted = [...heard].sort((a, b) => a.at.getTime() - b.at.getTime());
  const links = new Map<string, number>();
  const found = new Set<T>();
  let first = 0;
  let end = 0;
  for (const one of sorted) {
    const time = one.at.getTime();
    for (; end < sorted.length && sorted[end]!.at.getTime() < time + BURST_MS; end += 1) {
      const { link } = sorted[end]!;
      if (link !== null) links.set(link, (links.get(link) ?? 0) + 1);
    }
    for (; sorted[first]!.at.getTime() <= time - BURST_MS; first += 1) {
      const { link } = sorted[first]!;
      const left = link === null ? 0 : links.get(link)! - 1;
      if (link !== null && left > 0) links.set(link, left);
      else if (link !== null) links.delete(link);
    }
    if (links.size > 1) found.add(one);
  }
  return found;
}
