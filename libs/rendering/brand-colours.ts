/** The colours that a tenant's one colour gives a mail, each readable where it stands. */
export interface BrandColours {
  colour: string;
  /** On the tenant's colour, e.g. a button's text. */
  onColour: string;
  /** Links and the tenant's name on the light card. */
  link: string;
  /** The same on the dark card. */
  linkDark: string;
}

type Rgb = [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];
/** The footer's background, light, and the card's, dark: the harder of the two that a link stands on. */
const LIGHT_PAPER: Rgb = [244, 241, 236];
const DARK_PAPER: Rgb = [32, 38, 38];
/** WCAG 2.2 AA for text. */
const ENOUGH = 4.5;
const STEPS = 20;

const known = new Map<string, BrandColours | null>();

/** Null where `colour` is not `#rgb` or `#rrggbb`. */
export function brandColours(colour: string): BrandColours | null {
  let colours = known.get(colour);
  if (colours === undefined) {
    if (known.size > 1000) known.clear();
    colours = derive(colour);
    known.set(colour, colours);
  }
  return colours;
}

function derive(colour: string): BrandColours | null {
  const rgb = parse(colour);
  if (!rgb) return null;
  return {
    colour: hex(rgb),
    onColour: contrast(WHITE, rgb) >= contrast([20, 24, 24], rgb) ? '#ffffff' : '#141818',
    link: hex(towards(rgb, BLACK, LIGHT_PAPER)),
    linkDark: hex(towards(rgb, WHITE, DARK_PAPER)),
  };
}

/** The first mix of `rgb` with `goal` that can be read on `paper`. */
function towards(rgb: Rgb, goal: Rgb, paper: Rgb): Rgb {
  for (let step = 0; step < STEPS; step++) {
    const mixed = rgb.map((part, i) => Math.round(part + (((goal[i] ?? 0) - part) * step) / STEPS)) as Rgb;
    if (contrast(mixed, paper) >= ENOUGH) return mixed;
  }
  return goal;
}

function parse(colour: string): Rgb | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(colour);
  const whole = short ? short.slice(1).map((d) => d + d) : /^#(..)(..)(..)$/.exec(colour)?.slice(1);
  const rgb = whole?.map((part) => (/^[0-9a-f]{2}$/i.test(part) ? parseInt(part, 16) : NaN));
  return rgb && rgb.every((part) => !Number.isNaN(part)) ? (rgb as Rgb) : null;
}

const hex = (rgb: Rgb): string => '#' + rgb.map((part) => part.toString(16).padStart(2, '0')).join('');

/** Relative luminance, then contrast, after WCAG 2.2. */
function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const s = part / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
