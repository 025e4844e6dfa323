/** What a template may say, by the name that it uses. */
interface Variable {
  /** The fact that it is made of, where that has another name: what a refusal names. */
  from?: string;
  /** Health data (GDPR 9): in the body of a mail only, never in a subject, a preview or an SMS. */
  sensitive?: true;
  /** How it looks, not what it says: plain text does without. */
  look?: true;
  /** Yes or nothing: it can be asked about, and says nothing. */
  flag?: true;
}

/** Every variable that the view has (`message-view.ts` fills them in). */
export const VARIABLES = {
  'person.name': {},
  /** What they are called by, of the name. */
  'person.firstName': { from: 'person.name' },
  'tenant.name': {},
  'tenant.legalName': {},
  'tenant.email': {},
  'tenant.phone': {},
  'tenant.address': { from: 'tenant.addressLines' },
  'tenant.logo': { look: true },
  'look.logoWidth': { from: 'tenant.logo', look: true },
  'look.logoHeight': { from: 'tenant.logo', look: true },
  'look.colour': { from: 'tenant.colour', look: true },
  'look.onColour': { from: 'tenant.colour', look: true },
  'look.link': { from: 'tenant.colour', look: true },
  'look.linkDark': { from: 'tenant.colour', look: true },
  'booking.service': { sensitive: true },
  /** The service, only where the tenant shows the names of its services everywhere. */
  'booking.namedService': { from: 'booking.service' },
  'booking.when': { from: 'booking.startsAt' },
  'booking.span': { from: 'booking.startsAt' },
  'booking.previousWhen': { from: 'booking.previousStartsAt' },
  'booking.location': {},
  'booking.practitioner': { sensitive: true },
  'booking.price': {},
  'booking.url': {},
  'booking.cancelReason': { sensitive: true },
  /** The last of several of its journey: none follows. */
  'message.last': { flag: true },
  'links.unsubscribe': {},
  'links.survey': {},
  'links.optOut': {},
  'links.preferences': {},
  'links.confirm': {},
  /** The privacy notice, in the language of the message. */
  'links.privacy': {},
  'links.me': {},
  'links.newEmail': {},
} as const satisfies Record<string, Variable>;

/** Where a marketer's link leads in a mail that is measured, by its block, and the picture that tells of an open. */
type TargetName = `targets.b${number}` | 'targets.pixel';

export type VariableName = keyof typeof VARIABLES | TargetName;

const TABLE: Partial<Record<VariableName, Variable>> = VARIABLES;
const TARGET = /^targets\.(?:b\d{1,2}|pixel)$/;

export const isVariable = (name: string): name is VariableName =>
  Object.hasOwn(VARIABLES, name) || TARGET.test(name);
export const isSensitive = (name: VariableName): boolean => TABLE[name]?.sensitive === true;
export const isFlag = (name: VariableName): boolean => TABLE[name]?.flag === true;
export const isLook = (name: VariableName): boolean => TABLE[name]?.look === true;

/** The fact behind a variable, as the caller knows it. */
export const sourceOf = (name: VariableName): string => TABLE[name]?.from ?? name;
