import { runLagom } from '../boot-lagom.js';
import { ALL_MODULES } from './all.modules.js';
import { greet } from './greet.js';
import { replayDemoDay } from './demo-day.js';

/** `--demo`: a day of two tenants is replayed first, on a data folder that has not seen it (`npm start`). */
await runLagom('all', ALL_MODULES, async (booted, config) => {
  greet(booted.url, config);
  if (process.argv.includes('--demo') && config.send.mode === 'capture') await replayDemoDay(booted, config);
});
