import Handlebars from 'handlebars';
import type { View } from './message-view.js';

/** A template, ready to be filled in many thousand times a second. */
export interface Fill {
  (view: View): string;
  /** The same as a JSON string in UTF-8, between its quotes, in pieces. What is the same for everybody was encoded once. */
  json(view: View): Buffer[];
  /** The same with a slot wherever people differ. */
  parted: Parted;
}

/** A template, taken apart into what all people of a tenant have in common and what is a person's own. */
export interface Parted {
  /** What decides how the common part reads: views with an equal key have it in common. */
  key(view: View): string;
  /** The common part; `slotFor` names each place where people differ. A place that is there twice has one name. */
  common(view: View, slotFor: (place: Place) => string): string;
}

/** A place where people's mails differ. */
export interface Place {
  /** Equal for places that always say the same. */
  id: string;
  /** It holds an address of the web and nothing else. */
  isUrl: boolean;
  value: (view: View) => string;
}

type Piece =
  | { kind: 'fixed'; text: string; json: Buffer }
  | { kind: 'value'; of: Variable }
  | { kind: 'choice'; of: Variable; then: readonly Piece[]; otherwise: readonly Piece[] };

type Variable = readonly [namespace: keyof View, name: string];

/**
 * Compiles what `parse-template.ts` lets through: variables, `if` and `unless` of one. Handlebars reads it and trims it;
 * it is filled in here, so that what is fixed need not be looked at again. Throws on anything else.
 */
export function compileFill(source: string, noEscape: boolean): Fill {
  const pieces = piecesOf(Handlebars.parse(source).body);
  const written = noEscape ? (value: string) => value : Handlebars.escapeExpression;
  const fill = (view: View): string => said(pieces, view, written);
  const encode = encoder(written);
  return Object.assign(fill, {
    json: (view: View) => encoded(pieces, view, encode),
    parted: partedOf(pieces, written),
  });
}

function piecesOf(body: readonly hbs.AST.Statement[]): Piece[] {
  return body.flatMap((statement): Piece[] => {
    switch (statement.type) {
      case 'CommentStatement':
        return [];
      case 'ContentStatement': {
        const { value: text } = statement as hbs.AST.ContentStatement;
        return text === '' ? [] : [{ kind: 'fixed', text, json: jsonOf(text) }];
      }
      case 'MustacheStatement': {
        const { path, escaped, params } = statement as hbs.AST.MustacheStatement;
        if (!escaped || params.length > 0) break;
        return [{ kind: 'value', of: variableOf(path) }];
      }
      case 'BlockStatement': {
        const { path, params, program, inverse } = statement as hbs.AST.BlockStatement;
        const helper = (path as { original?: unknown }).original;
        const [on, ...more] = params;
        if ((helper !== 'if' && helper !== 'unless') || on === undefined || more.length > 0) break;
        const [yes, no] = [piecesOf(program.body), piecesOf(inverse?.body ?? [])];
        const [then, otherwise] = helper === 'if' ? [yes, no] : [no, yes];
        return [{ kind: 'choice', of: variableOf(on), then, otherwise }];
      }
      default:
        break;
    }
    throw new Error(`a template with ${statement.type} where none is allowed`);
  });
}

function variableOf(expression: hbs.AST.Expression | hbs.AST.Literal): Variable {
  const { original } = expression as { original?: unknown };
  const [namespace, name, ...more] = typeof original === 'string' ? original.split('.') : [];
  if (namespace === undefined || name === undefined || more.length > 0)
    throw new Error('a template with an expression that is no variable');
  return [namespace as keyof View, name];
}

/** Throws on what the view does not know: a gap is never filled with nothing. */
function valueOf([namespace, name]: Variable, view: View): string | null {
  const value = view[namespace][name];
  if (value === undefined) throw new Error(`"${name}" not defined in ${namespace}`);
  return value;
}

type Written = (value: string) => string;

function said(pieces: readonly Piece[], view: View, written: Written): string {
  let text = '';
  for (const piece of pieces) {
    if (piece.kind === 'fixed') text += piece.text;
    else if (piece.kind === 'value') text += written(valueOf(piece.of, view) ?? '');
    else text += said(valueOf(piece.of, view) ? piece.then : piece.otherwise, view, written);
  }
  return text;
}

function encoded(
  pieces: readonly Piece[],
  view: View,
  encode: (of: Variable, value: string) => Buffer,
): Buffer[] {
  const parts: Buffer[] = [];
  const walk = (these: readonly Piece[]): void => {
    for (const piece of these) {
      if (piece.kind === 'fixed') parts.push(piece.json);
      else if (piece.kind === 'value') parts.push(encode(piece.of, valueOf(piece.of, view) ?? ''));
      else walk(valueOf(piece.of, view) ? piece.then : piece.otherwise);
    }
  };
  walk(pieces);
  return parts;
}

const jsonOf = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1));

/** How many values of tenants are kept encoded; beyond, one begins anew. */
const MOST_KNOWN = 1_000;

/** Encodes values. What a tenant says is in each of its mails, several times: once written, it is kept. */
function encoder(written: Written): (of: Variable, value: string) => Buffer {
  const known = new Map<string, Buffer>();
  return (of, value) => {
    if (isPersonal(of)) return jsonOf(written(value));
    let json = known.get(value);
    if (json === undefined) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(value, (json = jsonOf(written(value))));
    }
    return json;
  };
}

/** Of a person, or of their message; what else there is belongs to the tenant. The notice is one for all. */
const isPersonal = ([namespace, name]: Variable): boolean =>
  namespace === 'person' ||
  namespace === 'booking' ||
  namespace === 'targets' ||
  (namespace === 'links' && name !== 'privacy');

/** A choice that says more than this is no slot: its text is the same for many. */
const LONGEST_CHOICE = 300;

function partedOf(pieces: readonly Piece[], written: Written): Parted {
  const asked = new Map<string, { of: Variable; said: boolean }>();
  const look = (these: readonly Piece[]): void => {
    for (const piece of these) {
      if (piece.kind === 'fixed') continue;
      const own = isPersonal(piece.of);
      if (own && (piece.kind === 'value' || isPhrase(piece))) continue;
      // Of a choice between longer parts only the answer counts, of the tenant's own facts what they say.
      asked.set(piece.of.join('.') + (own ? '?' : ''), { of: piece.of, said: !own });
      if (piece.kind === 'choice') [piece.then, piece.otherwise].forEach(look);
    }
  };
  look(pieces);
  const deciding = [...asked.values()];
  const write = (these: readonly Piece[], view: View, slotFor: (place: Place) => string): string =>
    these
      .map((piece) => {
        if (piece.kind === 'fixed') return piece.text;
        if (isPersonal(piece.of) && (piece.kind === 'value' || isPhrase(piece)))
          return slotFor({
            id: JSON.stringify(piece.kind === 'value' ? piece.of : piece),
            isUrl: piece.kind === 'value' && (piece.of[0] === 'links' || piece.of[0] === 'targets'),
            value: (own) => said([piece], own, written),
          });
        if (piece.kind === 'value') return written(valueOf(piece.of, view) ?? '');
        return write(valueOf(piece.of, view) ? piece.then : piece.otherwise, view, slotFor);
      })
      .join('');
  return {
    key: (view) =>
      JSON.stringify(
        deciding.map(({ of, said: whole }) => {
          const value = valueOf(of, view);
          return whole ? value : Boolean(value);
        }),
      ),
    common: (view, slotFor) => write(pieces, view, slotFor),
  };
}

/** A choice between a few words, one of which is always said: it fits into a slot. */
function isPhrase(piece: Piece & { kind: 'choice' }): boolean {
  const fixed = (these: readonly Piece[]): string[] =>
    these.flatMap((one) =>
      one.kind === 'fixed'
        ? [one.text]
        : one.kind === 'choice'
          ? [...fixed(one.then), ...fixed(one.otherwise)]
          : [],
    );
  const words = fixed([piece]);
  return (
    words.join('').length <= LONGEST_CHOICE &&
    !words.some((text) => text.includes('\n')) &&
    [piece.then, piece.otherwise].every(isSaid)
  );
}

/** Whether these say something, without space around it, whatever the view. */
function isSaid(pieces: readonly Piece[]): boolean {
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (first === undefined || last === undefined) return false;
  if (first.kind === 'fixed' && first.text.trimStart() !== first.text) return false;
  if (last.kind === 'fixed' && last.text.trimEnd() !== last.text) return false;
  return pieces.every((one) => one.kind !== 'choice' || [one.then, one.otherwise].every(isSaid));
}
