import { expect, it } from '@jest/globals';
import { isLoopback, isPrivateAddress, isPrivateHost } from './webhook-address.js';

it.each([
  '10.0.0.1',
  '172.31.2.3',
  '192.168.1.1',
  '169.254.169.254',
  '127.0.0.1',
  '::1',
  'fd00::1',
  '::ffff:10.0.0.1',
])('takes %s for private', (ip) => {
  expect(isPrivateAddress(ip)).toBe(true);
});

it.each(['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1', '::ffff:93.184.216.34'])(
  'takes %s for public',
  (ip) => {
    expect(isPrivateAddress(ip)).toBe(false);
  },
);

it('tells hosts by how they are written', () => {
  expect(['localhost', '[::1]', 'db', 'printer.local', '10.1.1.1'].map(isPrivateHost)).toEqual(
    Array<boolean>(5).fill(true),
  );
  expect(isPrivateHost('hooks.example.se')).toBe(false);
  expect(['localhost', '127.0.0.1', '[::1]', 'example.se'].map(isLoopback)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
