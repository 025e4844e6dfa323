import type { BootFault } from '#platform/boot-refusal';
import type { Channel } from '#purposes/channel';
import { STREAMS } from '#purposes/stream';
import type { ReadTenant } from './read-tenant.js';
import { domainOf, type Account, type Tenant } from './tenant.js';
import { isPrivateHost } from './webhook-address.js';
import type { Path } from './yaml-file.js';

/** A tenant whose own file is right, with what it takes to say what is not. */
export type Checked = ReadTenant & { tenant: Tenant };

const KINDS: Record<'email' | 'sms', readonly Account['kind'][]> = {
  email: ['sendgrid', 'smtp'],
  sms: ['twilio'],
};
const CREDENTIALS: Record<Account['kind'], readonly string[]> = {
  sendgrid: ['apiKey'],
  twilio: ['accountSid', 'authToken'],
  smtp: ['url'],
};

/** What no schema of one value sees: accounts and their senders, and what must differ between tenants. */
export function checkTenants(all: readonly Checked[], live: boolean): BootFault[] {
  return [
    ...all.flatMap((one) => [
      ...checkAccounts(one, live),
      ...checkSenders(one),
      ...checkInbound(one),
      ...(live ? checkWebhooks(one) : []),
    ]),
    ...onlyOnce(all, 'the id', ({ tenant }) => [[tenant.id, ['id']]]),
    ...onlyOnce(all, 'the host', ({ tenant }) => [[tenant.host, ['host']]]),
    // Webhooks name the account and nothing else.
    ...onlyOnce(all, 'the inbound address', ({ tenant }) =>
      tenant.inbound ? [[tenant.inbound.email.toLowerCase(), ['inbound', 'email']]] : [],
    ),
    ...onlyOnce(all, 'the account name', ({ tenant }) =>
      Object.keys(tenant.accounts).map((name) => [name, ['accounts', name]]),
    ),
    ...checkAddresses(all),
    ...checkRamps(all),
  ];
}

/** Under `live` an address is signed for, and outside of our own network. */
function checkWebhooks({ tenant, absent, fault }: Checked): BootFault[] {
  return (tenant.webhooks ?? []).flatMap(({ url, secret }, index) => {
    const path = ['webhooks', index, 'secret'];
    const variable = absent.find((one) => one.path.join('.') === path.join('.'))?.variable;
    return [
      ...(isPrivateHost(new URL(url).hostname)
        ? [fault(['webhooks', index, 'url'], 'lies in a private network', 'https://hooks.example.se/lagom')]
        : []),
      ...(secret === undefined
        ? [fault(path, variable === undefined ? 'is missing' : `the variable ${variable} is absent`)]
        : []),
    ];
  });
}

interface Sender {
  channel: 'email' | 'sms';
  stream: (typeof STREAMS)[number];
  from: string;
  /** The first, then its fallbacks, each with the path of its name. */
  accounts: { name: string; path: Path }[];
  path: Path;
}

function sendersOf({ senders }: Tenant): Sender[] {
  return STREAMS.flatMap((stream) =>
    (['email', 'sms'] as const satisfies readonly Channel[]).flatMap((channel) => {
      const sender = senders[stream][channel];
      if (!sender) return [];
      const path = ['senders', stream, channel];
      const accounts = [
        { name: sender.account, path: [...path, 'account'] },
        ...(sender.fallback ?? []).map((name, index) => ({ name, path: [...path, 'fallback', index] })),
      ];
      return [{ channel, stream, from: sender.from, accounts, path }];
    }),
  );
}

const accountOf = (tenant: Tenant, name: string): Account | undefined =>
  Object.hasOwn(tenant.accounts, name) ? tenant.accounts[name] : undefined;

function checkSenders({ tenant, fault }: Checked): BootFault[] {
  return sendersOf(tenant).flatMap(({ channel, from, accounts, path }) => {
    const fitting = Object.entries(tenant.accounts).flatMap(([other, { kind }]) =>
      KINDS[channel].includes(kind) ? [other] : [],
    );
    const faults = accounts.flatMap(({ name, path: at }, index) => {
      const account = accountOf(tenant, name);
      if (!account) return [fault(at, `names no account of this file: "${name}"`, fitting[0])];
      if (!KINDS[channel].includes(account.kind)) {
        const kinds = KINDS[channel].join(' or ');
        return [fault(at, `names an account of kind ${account.kind}; ${channel} needs ${kinds}`, fitting[0])];
      }
      const isTwice = accounts.findIndex((other) => other.name === name) < index;
      return isTwice ? [fault(at, `names the account "${name}" a second time`)] : [];
    });
    // Twilio refuses a number that another of its accounts owns.
    return channel === 'sms' && accounts.length > 1 && from.startsWith('+')
      ? [
          ...faults,
          fault(
            [...path, 'fallback'],
            'is of no use: the number in `from` belongs to one account; a name does not',
          ),
        ]
      : faults;
  });
}

/** Mail to an address that nobody hands us would be a no that is never heard. */
function checkInbound({ tenant, fault }: Checked): BootFault[] {
  const { inbound, accounts } = tenant;
  if (inbound === undefined) return [];
  if (!Object.values(accounts).some(({ kind }) => kind === 'sendgrid')) {
    return [
      fault(
        ['inbound', 'email'],
        'is heard by nobody: mail is handed over by an account of kind sendgrid, and this file has none',
      ),
    ];
  }
  const sends = sendersOf(tenant).some(({ from }) => from.toLowerCase() === inbound.email.toLowerCase());
  return sends
    ? [
        fault(
          ['inbound', 'email'],
          'sends too: what comes back to a sender is for its own mail server',
          'svar@in.example.se',
        ),
      ]
    : [];
}

/** A credential has to be named; that its variable is absent matters only where something is sent for real. */
function checkAccounts({ tenant, absent, fault }: Checked, live: boolean): BootFault[] {
  const used = new Set(sendersOf(tenant).flatMap(({ accounts }) => accounts.map(({ name }) => name)));
  return Object.entries(tenant.accounts).flatMap(([name, account]) =>
    CREDENTIALS[account.kind].flatMap((field) => {
      if (field in account) return [];
      const path = ['accounts', name, field];
      const missing = absent
        .filter((one) => one.path.join('\n') === path.join('\n'))
        .map((one) => one.variable);
      if (missing.length === 0)
        return [fault(path, 'is missing: the credential', exampleOf(account.kind, field))];
      if (!live || !used.has(name)) return [];
      return missing.map((variable) =>
        fault(
          path,
          `the variable ${variable} is absent, and LAGOM_SEND=live sends by this account`,
          `${variable}=…`,
        ),
      );
    }),
  );
}

const exampleOf = (kind: Account['kind'], field: string): string =>
  `${field}: \${${kind}_${field.replace(/[A-Z]/g, '_$&')}}`.replace(/\{.*\}/, (name) => name.toUpperCase());

function onlyOnce(
  all: readonly Checked[],
  what: string,
  values: (one: Checked) => [value: string, path: Path][],
): BootFault[] {
  const first = new Map<string, BootFault>();
  return all.flatMap((one) =>
    values(one).flatMap(([value, path]) => {
      const here = one.fault(path, '');
      const there = first.get(value);
      if (!there) first.set(value, here);
      return there
        ? [{ ...here, problem: `${what} "${value}" is taken by ${there.file}:${there.line}` }]
        : [];
    }),
  );
}

/**
 * A reputation, and a STOP, belong to one stream: no address sends for both, in one file or across them. A name
 * instead of a number is no address.
 */
function checkAddresses(all: readonly Checked[]): BootFault[] {
  const first = new Map<string, { stream: string; at: BootFault }>();
  return all.flatMap(({ tenant, fault }) =>
    sendersOf(tenant).flatMap(({ channel, stream, from, path }) => {
      const address = from.toLowerCase();
      if (channel === 'sms' && !address.startsWith('+')) return [];
      const at = fault([...path, 'from'], '');
      const other = first.get(address);
      if (!other) first.set(address, { stream, at });
      if (!other || other.stream === stream) return [];
      return [
        {
          ...at,
          problem: `sends for ${stream}, and in ${other.at.file}:${other.at.line} for ${other.stream}`,
        },
      ];
    }),
  );
}

/** A ramp is of a domain that its file's mail goes from, and that nobody else's does: they would send past its number. */
function checkRamps(all: readonly Checked[]): BootFault[] {
  return all.flatMap(({ tenant, fault }) =>
    Object.keys(tenant.ramp ?? {}).flatMap((domain) => {
      const path = ['ramp', domain];
      const own = mailDomains(tenant);
      if (own.every((one) => one.domain !== domain)) {
        const example = own[0]?.domain;
        return [fault(path, "is the domain of no sender's `from` in this file", example)];
      }
      return all.flatMap((other) =>
        other.tenant === tenant
          ? []
          : mailDomains(other.tenant)
              .filter((one) => one.domain === domain)
              .slice(0, 1)
              .map((one) => {
                const there = other.fault(one.path, '');
                return fault(path, `sends for another tenant too, in ${there.file}:${there.line}`);
              }),
      );
    }),
  );
}

const mailDomains = (tenant: Tenant): { domain: string; path: Path }[] =>
  sendersOf(tenant).flatMap(({ channel, from, path }) =>
    channel === 'email' ? [{ domain: domainOf(from), path: [...path, 'from'] }] : [],
  );
