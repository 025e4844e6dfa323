import { isIPv4, isIPv6 } from 'node:net';

/** A part of the internet, as CIDR names it; one address has all its bits. */
export interface Network {
  net: string;
  bits: number;
  family: 'ipv4' | 'ipv6';
}

/** Addresses and CIDRs, a comma between them; or what is wrong with the first that is none. */
export function readNetworks(value: string): Network[] | { problem: string } {
  const networks: Network[] = [];
  for (const [index, entry] of value.split(',').entries()) {
    const [, net = '', said] = /^([\da-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(entry.trim()) ?? [];
    const family = isIPv4(net) ? 'ipv4' : isIPv6(net) ? 'ipv6' : null;
    if (family === null) return { problem: `network ${index + 1} is no address and no CIDR` };
    const most = family === 'ipv4' ? 32 : 128;
    const bits = said === undefined ? most : Number(said);
    if (bits > most) return { problem: `network ${index + 1} has more than ${most} bits` };
    if (bits === 0) return { problem: `network ${index + 1} is everybody: anybody could say who they are` };
    networks.push({ net, bits, family });
  }
  return networks;
}
