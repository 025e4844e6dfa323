import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Request } from 'express';
import type { Network } from '#platform/network';

/** Our own proxies stand in these, whatever else is named; nobody outside can come from one. */
const PRIVATE: readonly Network[] = [
  { net: '127.0.0.0', bits: 8, family: 'ipv4' },
  { net: '10.0.0.0', bits: 8, family: 'ipv4' },
  { net: '172.16.0.0', bits: 12, family: 'ipv4' },
  { net: '192.168.0.0', bits: 16, family: 'ipv4' },
  { net: '169.254.0.0', bits: 16, family: 'ipv4' },
  { net: '::1', bits: 128, family: 'ipv6' },
  { net: 'fc00::', bits: 7, family: 'ipv6' },
  { net: 'fe80::', bits: 10, family: 'ipv6' },
];

/** Who asks, for counting only: its keyed hash is kept for ten minutes (form-limits.ts), the address never. */
export class ClientIp {
  private readonly proxies = new BlockList();

  /** @param trusted proxies with addresses of their own on the internet: `LAGOM_TRUSTED_PROXIES` */
  constructor(trusted: readonly Network[]) {
    for (const { net, bits, family } of [...PRIVATE, ...trusted]) this.proxies.addSubnet(net, bits, family);
  }

  /**
   * The nearest address that is not one of our own proxies, from the right of `X-Forwarded-For` (what stands further left
   * anybody can write). Of IPv6 the network of 64 bits, as a household has one.
   */
  of({ socket, headers }: Pick<Request, 'socket' | 'headers'>): string {
    const told = [headers['x-forwarded-for'] ?? []].flat().flatMap((one) => one.split(','));
    let client = plain(socket.remoteAddress ?? '');
    for (const hop of told.map(plain).reverse()) {
      if (!this.isOurs(client) || (!isIPv4(hop) && !isIPv6(hop))) break;
      client = hop;
    }
    return isIPv6(client) ? network(client) : client;
  }

  private isOurs(ip: string): boolean {
    return isIPv4(ip) ? this.proxies.check(ip, 'ipv4') : isIPv6(ip) && this.proxies.check(ip, 'ipv6');
  }
}

const plain = (ip: string): string => ip.trim().replace(/^::ffff:(?=\d+\.)/i, '');

/** The first four groups, however the address is shortened. */
function network(ip: string): string {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const gap =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...gap, ...after].slice(0, 4).join(':');
}
