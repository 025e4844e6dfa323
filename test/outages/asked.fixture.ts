/**
 * Why an outage is not tried that takes minutes or servers of its own; null: it was asked for. `npm run test:outages` asks
 * for all of them; it starts what they need (`test/servers/`).
 */
export const NOT_ASKED: string | null = process.env.OUTAGES
  ? null
  : 'skipped, OUTAGES is not set (npm run test:outages)';
