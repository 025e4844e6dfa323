import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { Request } from 'express';

/** Our own proxies stand in these; nobody outside can come from one. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/**
 * Who asks, for counting only, never stored: the nearest address that is not one of our own proxies, from the right of
 * `X-Forwarded-For` (what stands further left anybody can write). Of IPv6 the network of 64 bits, as a household has one.
 */
export function clientIp({ socket, headers }: Pick<Request, 'socket' | 'headers'>): string {
  const told = [headers['x-forwarded-for'] ?? []].flat().flatMap((one) => one.split(','));
  let client = plain(socket.remoteAddress ?? '');
  for (const hop of told.map(plain).reverse()) {
    if (!isOurs(client) || (!isIPv4(hop) && !isIPv6(hop))) break;
    client = hop;
  }
  return isIPv6(client) ? network(client) : client;
}

const plain = (ip: string): string => ip.trim().replace(/^::ffff:(?=\d+\.)/i, '');

const isOurs = (ip: string): boolean =>
  isIPv4(ip) ? PRIVATE.check(ip, 'ipv4') : isIPv6(ip) && PRIVATE.check(ip, 'ipv6');

/** The first four groups, however the address is shortened. */
function network(ip: string): string {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const gap =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...gap, ...after].slice(0, 4).join(':');
}
