import { dirname } from 'node:path';
import type { z } from 'zod';
import type { BootFault } from '#platform/boot-refusal';
import { type AbsentVariable, fillVariables } from './fill-variables.js';
import { knownKeys } from './known-keys.js';
import { readLogo, type Logo } from './logo.js';
import { EXAMPLE_MARK, TenantFile } from './tenant-file.js';
import type { Account, Tenant } from './tenant.js';
import { type Path, pathText, readYaml } from './yaml-file.js';

/** One tenant's file, read: the tenant where it is right, the faults where it is not. */
export interface ReadTenant {
  tenant: Tenant | null;
  faults: BootFault[];
  absent: AbsentVariable[];
  /** A fault of this file, for the checks that look at several. */
  fault: (path: Path, problem: string, example?: string) => BootFault;
}

/** Reads and checks one file; every fault at once, each with its line and path. */
export function readTenant(
  file: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): ReadTenant {
  const yaml = readYaml(text);
  const fault = (path: Path, problem: string, example?: string): BootFault => ({
    file,
    line: yaml.lineOf(path),
    path: pathText(path),
    problem,
    example,
  });
  if (yaml.faults.length > 0) {
    const faults = yaml.faults.map(({ line, problem }) => ({ file, line, problem }));
    return { tenant: null, faults, absent: [], fault };
  }
  const { accounts, webhooks, ...others } = (yaml.value ?? {}) as Record<string, unknown>;
  const filled = fillVariables(accounts, env, ['accounts']);
  const filledHooks = fillVariables(webhooks, env, ['webhooks']);
  const faults = [...filled.malformed, ...filledHooks.malformed].map((path) =>
    fault(path, 'names no variable: capital letters, digits and underscores', `\${SENDGRID_API_KEY}`),
  );
  const parsed = TenantFile.safeParse(
    accounts === undefined
      ? yaml.value
      : {
          ...others,
          accounts: filled.value,
          ...(webhooks === undefined ? {} : { webhooks: filledHooks.value }),
        },
  );
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap((issue) => issueFaults(issue, fault)));
  const named = parsed.data?.look.logo;
  const logo = named === undefined ? undefined : readLogo(dirname(file), named);
  if (typeof logo === 'string') faults.push(fault(['look', 'logo'], logo));
  faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const tenant = parsed.success && typeof logo !== 'string' ? toTenant(parsed.data, logo) : null;
  return { tenant, faults, absent: [...filled.absent, ...filledHooks.absent], fault };
}

function toTenant({ policy, accounts, look, ...file }: TenantFile, logo: Logo | undefined): Tenant {
  const { retention, maxEventAge, ...rules } = policy;
  return {
    ...file,
    look: { colour: look.colour, ...(logo === undefined ? {} : { logo }) },
    accounts: Object.fromEntries(
      Object.entries(accounts).map(([name, account]) => [name, withoutAbsent(account)]),
    ),
    policy: { ...rules, timeZone: file.timeZone, maxEventAgeMs: maxEventAge, retentionMonths: retention },
  };
}

const withoutAbsent = (account: Account): Account =>
  Object.fromEntries(
    Object.entries(account).filter(([, value]) => value !== undefined),
  ) as unknown as Account;

function issueFaults(issue: z.core.$ZodIssue, fault: ReadTenant['fault']): BootFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(TenantFile, issue.path);
    return issue.keys.map((key) =>
      fault([...issue.path, key], `is unknown here; known are ${known.join(', ')}`),
    );
  }
  if (issue.code === 'invalid_key' && !issue.message.includes(EXAMPLE_MARK)) {
    return issue.issues.map(({ message }) => sayFault(issue.path, message, fault));
  }
  if (issue.code === 'invalid_type' && !issue.message.includes(EXAMPLE_MARK)) {
    const absent = issue.message.endsWith('received undefined');
    return [
      fault(
        issue.path,
        absent ? `is missing: a ${shapeOf(issue.expected)}` : `is not a ${shapeOf(issue.expected)}`,
      ),
    ];
  }
  return [sayFault(issue.path, issue.message, fault)];
}

function sayFault(path: Path, message: string, fault: ReadTenant['fault']): BootFault {
  const [problem = '', example] = message.split(EXAMPLE_MARK);
  return fault(path, problem, example);
}

const shapeOf = (expected: string): string =>
  expected === 'array'
    ? 'list'
    : expected === 'object' || expected === 'record'
      ? 'map of settings'
      : expected;
