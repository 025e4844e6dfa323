/** The ways to reach a person. `call` is a task for staff, `audience` social media, `letter` a print house. */
export const CHANNELS = ['email', 'sms', 'push', 'call', 'whatsapp', 'audience', 'letter'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What an address of a channel is made of: several channels may share one kind. */
export type AddressKind = 'email' | 'phone' | 'device' | 'post';

export const ADDRESS_KIND: Record<Channel, AddressKind> = {
  email: 'email',
  sms: 'phone',
  push: 'device',
  call: 'phone',
  whatsapp: 'phone',
  audience: 'email',
  letter: 'post',
};
