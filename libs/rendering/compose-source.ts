import type { Fault } from './template-fault.js';

/** Where a line of a composed source was written. */
export interface Origin {
  file: string;
  line: number;
}

/** A template with its includes filled in, and the origin of each of its lines (index 0 is line 1). */
export interface Composed {
  text: string;
  origins: readonly Origin[];
}

/** A piece of text with the file that it came from. */
export interface Piece {
  file: string;
  text: string;
}

const INCLUDE = /\{\{>\s*([\w./-]+)\s*\}\}/;
const MAX_DEPTH = 8;

/**
 * Fills in each `{{> name}}` before anything is compiled, so that MJML sees one whole document, Handlebars has no
 * partials to look up while it renders, and a fault still names the file and line in which it was written.
 */
export function composeSource(
  root: Piece,
  lookUp: (name: string) => Piece | undefined,
  faults: Fault[],
): Composed {
  const lines: string[] = [];
  const origins: Origin[] = [];

  /** Writes a piece behind `before`; returns what stands on its last line, not yet written. */
  const write = (
    piece: Piece,
    before: string,
    beforeAt: Origin,
    depth: number,
  ): { rest: string; at: Origin } => {
    let rest = before;
    let at = beforeAt;
    const written = piece.text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n');
    written.forEach((line, index) => {
      const here = { file: piece.file, line: index + 1 };
      if (index > 0) {
        lines.push(rest);
        origins.push(at);
        rest = '';
      }
      if (rest.trim() === '') at = here;
      let tail = line;
      for (let found = INCLUDE.exec(tail); found; found = INCLUDE.exec(tail)) {
        rest += tail.slice(0, found.index);
        tail = tail.slice(found.index + found[0].length);
        const name = found[1] ?? '';
        const included = lookUp(name);
        if (!included) faults.push({ ...here, problem: `no such part: ${name}` });
        else if (depth >= MAX_DEPTH) faults.push({ ...here, problem: `parts include each other: ${name}` });
        else ({ rest, at } = write(included, rest, rest.trim() === '' ? here : at, depth + 1));
      }
      rest += tail;
    });
    return { rest, at };
  };

  const last = write(root, '', { file: root.file, line: 1 }, 0);
  lines.push(last.rest);
  origins.push(last.at);
  return { text: lines.join('\n'), origins };
}

/** The origin of a line (counted from 1) of a composed source; past its end, the last. */
export function originOf(composed: Composed, line: number): Origin {
  const index = Math.min(Math.max(line, 1), composed.origins.length) - 1;
  return composed.origins[index] ?? { file: '', line: 1 };
}
