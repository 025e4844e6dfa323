import { MOVES, STATUSES } from './moves.js';

/** The table of moves as a Mermaid state diagram, for README.md. */
export function drawMoves(): string {
  const lines = STATUSES.flatMap((from) =>
    Object.entries(MOVES[from]).map(([to, cause]) => `    ${from} --> ${to}: ${cause}`),
  );
  const ends = STATUSES.filter((status) => Object.keys(MOVES[status]).length === 0);
  return [
    '```mermaid',
    'stateDiagram-v2',
    '    [*] --> planned: a journey or a campaign',
    '    [*] --> refused: past its use when planned',
    ...lines,
    ...ends.map((status) => `    ${status} --> [*]`),
    '```',
  ].join('\n');
}
