import Handlebars from 'handlebars';
import type { Needs } from './needed-variables.js';
import { isVariable, type VariableName } from './template-variables.js';

/** What a Handlebars source says and needs. Lines are counted from 1 in that source. */
export interface ParsedTemplate {
  /** `said`: written out, not only asked for by a condition. */
  uses: { name: VariableName; line: number; said: boolean }[];
  /** Text that is the same for everybody. */
  fixed: { text: string; line: number }[];
  needs: Needs;
  faults: { problem: string; line: number }[];
}

/**
 * Reads a template strictly: variables, `{{#if}}` and `{{#unless}}` of one variable, comments; nothing else. What is so
 * small can be judged whole: nothing in it can run, loop or look anything up.
 */
export function parseTemplate(source: string): ParsedTemplate {
  const parsed: ParsedTemplate = { uses: [], fixed: [], needs: { always: [], conditions: [] }, faults: [] };
  try {
    const { body } = Handlebars.parseWithoutProcessing(source);
    parsed.needs = readBody(body, parsed);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
    parsed.faults.push({ line, problem: `not Handlebars: ${message.split('\n')[0] ?? ''}` });
  }
  return parsed;
}

function readBody(body: readonly hbs.AST.Statement[], parsed: ParsedTemplate): Needs {
  const always = new Set<VariableName>();
  const conditions: Needs['conditions'][number][] = [];
  for (const statement of body) {
    const line = statement.loc.start.line;
    const fault = (problem: string): unknown => parsed.faults.push({ line, problem });
    switch (statement.type) {
      case 'ContentStatement':
        parsed.fixed.push({ text: (statement as hbs.AST.ContentStatement).value, line });
        break;
      case 'CommentStatement':
        break;
      case 'MustacheStatement': {
        const mustache = statement as hbs.AST.MustacheStatement;
        const name = variableOf(mustache.path);
        if (!mustache.escaped) fault('triple-stash and {{& }} write without escaping: use {{ }}');
        else if (mustache.params.length > 0 || mustache.hash) fault('no helper but #if and #unless is known');
        else if (name === null || !isVariable(name))
          fault(`unknown variable ${name ?? '(not a plain name)'}`);
        else {
          always.add(name);
          parsed.uses.push({ name, line, said: true });
        }
        break;
      }
      case 'BlockStatement': {
        const block = statement as hbs.AST.BlockStatement;
        const helper = variableOf(block.path);
        const [param, ...more] = block.params;
        const on = param ? variableOf(param) : null;
        const then = readBody(block.program.body, parsed);
        const otherwise = readBody(block.inverse?.body ?? [], parsed);
        if ((helper !== 'if' && helper !== 'unless') || more.length > 0 || block.hash) {
          fault('no helper but #if and #unless is known');
        } else if (on === null || !isVariable(on)) fault(`unknown variable ${on ?? '(not a plain name)'}`);
        else {
          parsed.uses.push({ name: on, line, said: false });
          const yes = helper === 'if';
          conditions.push({ on, then: yes ? then : otherwise, otherwise: yes ? otherwise : then });
        }
        break;
      }
      default:
        fault(`${statement.type} is not allowed`);
    }
  }
  return { always: [...always], conditions };
}

/** `booking.when`; null for anything but a plain name (`../x`, `this`, `@root.x`, a literal, a sub-expression). */
function variableOf(expression: hbs.AST.Node): string | null {
  if (expression.type !== 'PathExpression') return null;
  const path = expression as hbs.AST.PathExpression;
  return path.data || path.depth > 0 || path.parts.join('.') !== path.original ? null : path.original;
}
