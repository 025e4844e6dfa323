import { afterAll, beforeAll, beforeEach, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { aggregateCases } from './aggregate.contract.js';
import type { Bench, Gaps, Opened, Row } from './bench.contract.js';
import { commandCases } from './commands.contract.js';
import { cursorCases } from './cursors.contract.js';
import { filterCases } from './filters.contract.js';
import { indexCases } from './indexes.contract.js';
import { mongooseCases } from './mongoose.contract.js';
import { raceCases } from './races.contract.js';
import { updateCases } from './updates.contract.js';

/** What every MongoDB-wire server that the stores run on must do: the embedded one, a test one, a real one. */
export function storeContract(name: string, open: () => Promise<Opened>, gaps: Gaps = new Map()): void {
  describe(`store: ${name}`, () => {
    const bench = { gaps } as Bench;
    let opened: Opened;
    let count = 0;

    beforeAll(async () => {
      opened = await open();
      bench.uri = opened.uri;
      bench.client = await mongoose.mongo.MongoClient.connect(opened.uri, { serverSelectionTimeoutMS: 5000 });
      bench.db = bench.client.db(`lagom_contract_${randomBytes(4).toString('hex')}`);
    });
    afterAll(async () => {
      await bench.db.dropDatabase().finally(() => bench.client.close());
      await opened.close();
    });
    beforeEach(() => {
      count += 1;
      bench.rows = bench.db.collection<Row>(`rows${count}`);
    });

    commandCases(bench);
    filterCases(bench);
    updateCases(bench);
    indexCases(bench);
    aggregateCases(bench);
    cursorCases(bench);
    raceCases(bench);
    mongooseCases(bench);
  });
}
