import { BlockList, isIP } from 'node:net';

/** Networks that nobody outside can reach (RFC 6890 and its kin): a webhook there would ask our own house. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv6');
}

/** Whether an IP address lies in a private network; `::ffff:10.0.0.1` is 10.0.0.1. */
export function isPrivateAddress(ip: string): boolean {
  return PRIVATE.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
}

/** This machine itself, by name or address. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}

/** Whether a host is private by how it is written. What its name resolves to is looked at when it is called. */
export function isPrivateHost(hostname: string): boolean {
  const host = bare(hostname);
  if (isIP(host) !== 0) return isPrivateAddress(host);
  return isLoopback(host) || !host.includes('.') || /\.(local|internal|lan|home\.arpa)$/.test(host);
}

/** `[::1]` in a URL is ::1. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '').toLowerCase();
