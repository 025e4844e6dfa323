import Handlebars from 'handlebars';
import type { View } from './message-view.js';

/** A template, ready to be filled in many thousand times a second. */
export interface Fill {
  (view: View): string;
  /** The same as a JSON string in UTF-8, between its quotes. What is the same for everybody was encoded once. */
  json(view: View): Buffer;
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
  return Object.assign(fill, { json: (view: View) => encoded(pieces, view, written) });
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

function encoded(pieces: readonly Piece[], view: View, written: Written): Buffer {
  const parts: Buffer[] = [];
  const walk = (these: readonly Piece[]): void => {
    for (const piece of these) {
      if (piece.kind === 'fixed') parts.push(piece.json);
      else if (piece.kind === 'value') parts.push(jsonOf(written(valueOf(piece.of, view) ?? '')));
      else walk(valueOf(piece.of, view) ? piece.then : piece.otherwise);
    }
  };
  walk(pieces);
  return Buffer.concat(parts);
}

const jsonOf = (text: string): Buffer => Buffer.from(JSON.stringify(text).slice(1, -1));
