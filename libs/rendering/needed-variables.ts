import type { View } from './message-view.js';
import type { VariableName } from './template-variables.js';

/** What a template cannot do without: always, and where a condition of its own holds or does not. */
export interface Needs {
  always: readonly VariableName[];
  conditions: readonly { on: VariableName; then: Needs; otherwise: Needs }[];
}

/** The value of a variable in a view; absent, null and empty are alike. */
export function valueOf(view: View, name: VariableName): string | null {
  const dot = name.indexOf('.');
  return view[name.slice(0, dot) as keyof View][name.slice(dot + 1)] || null;
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
