import { compileMessage } from './compile-message.js';
import type { FileTemplate } from './file-template.store.js';
import { renderMessage } from './render-message.js';
import type { RenderInput, RenderResult } from './rendered.js';
import type { Fault } from './template-fault.js';
import type { Composed } from './compose-source.js';

/** Renders with a template as it was kept in one version, whatever its files say now. */
export async function renderKept(kept: FileTemplate, input: RenderInput): Promise<RenderResult> {
  const { template, channel, locale, purpose, calendar, parts } = kept;
  const faults: Fault[] = [];
  const compiled = await compileMessage(
    {
      ...{ template, channel, locale },
      declaration: { purpose, answers: false, variables: [], ...(calendar === null ? {} : { calendar }) },
      parts: Object.fromEntries(
        Object.entries(parts).map(([name, text]): [string, Composed] => [
          name,
          { text, origins: text.split('\n').map((_, line) => ({ file: kept._id, line: line + 1 })) },
        ]),
      ),
    },
    faults,
  );
  if (compiled === undefined || faults.length > 0)
    return { kind: 'invalid', problem: `${kept._id} does not compile any more` };
  return renderMessage(compiled, input);
}
