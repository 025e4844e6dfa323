import type { View } from './message-view.js';
import type { VariableName } from './template-variables.js';

/** What a template cannot do without: always, and where a condition of its own holds or does not. */
export interface Needs {
  always: readonly VariableName[];
  conditions: readonly { on: VariableName; then: Needs; otherwise: Needs }[];
}

/** Names taken apart, each once: there are few, and all are asked for with each message. */
const taken = new Map<VariableName, readonly [namespace: keyof View, name: string]>();

function partsOf(name: VariableName): readonly [namespace: keyof View, name: string] {
  let known = taken.get(name);
  if (known === undefined) {
    const dot = name.indexOf('.');
    taken.set(name, (known = [name.slice(0, dot) as keyof View, name.slice(dot + 1)]));
  }
  return known;
}

/** The value of a variable in a view; absent, null and empty are alike. */
function valueOf(view: View, variable: VariableName): string | null {
  const [namespace, name] = partsOf(variable);
  return view[namespace][name] || null;
}

/** The first variable that the template would need and the view lacks. */
export function firstMissing(needs: Needs, view: View): VariableName | null {
  for (const name of needs.always) if (valueOf(view, name) === null) return name;
  for (const { on, then, otherwise } of needs.conditions) {
    const missing = firstMissing(valueOf(view, on) === null ? otherwise : then, view);
    if (missing) return missing;
  }
  return null;
}

/** The needs of several parts that are rendered together. */
export function joinNeeds(parts: readonly Needs[]): Needs {
  return {
    always: [...new Set(parts.flatMap((part) => part.always))],
    conditions: parts.flatMap((part) => part.conditions),
  };
}
