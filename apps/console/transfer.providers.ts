import type { FactoryProvider } from '@nestjs/common';
import { SuppressionStore } from '#consent/suppression.store';
import { CustomerStore } from '#customers/customer.store';
import { MessageStore } from '#messages/message.store';
import { Clock } from '#platform/clock';
import { Metrics } from '#platform/metrics';
import { Withdraw } from '#privacy/withdraw';
import { Tenants } from '#tenants/tenant';
import { ExportRecords } from '#transfer/export-records';
import { ImportStore } from '#transfer/import.store';
import { ReceiveImport } from '#transfer/receive-import';
import { RunImports } from '#transfer/run-imports';
import { TakeChoices } from '#transfer/take-choices';
import { TakeCustomers } from '#transfer/take-customers';
import { TakeSuppressions } from '#transfer/take-suppressions';
import { Database } from '../database.js';
import { wire } from '../wire.js';

/** Files in and out: only the console has them. */
export const TRANSFER: FactoryProvider[] = [
  {
    provide: ImportStore,
    inject: [Database],
    useFactory: async (database: Database) => {
      const made = new ImportStore(database.connection);
      await database.makeIndexes(made);
      return made;
    },
  },
  {
    provide: ReceiveImport,
    inject: [ImportStore, Clock, Metrics],
    useFactory: (imports: ImportStore, clock: Clock, metrics: Metrics) =>
      new ReceiveImport(imports, clock, (cards) => metrics.cardsMasked(cards)),
  },
  wire(TakeCustomers, [CustomerStore, SuppressionStore, Withdraw]),
  wire(TakeChoices, [CustomerStore, SuppressionStore, Withdraw]),
  wire(TakeSuppressions, [SuppressionStore, Withdraw]),
  {
    provide: RunImports,
    inject: [ImportStore, TakeCustomers, TakeChoices, TakeSuppressions, Tenants, Clock, Database, Metrics],
    useFactory: (
      imports: ImportStore,
      customers: TakeCustomers,
      choices: TakeChoices,
      suppressions: TakeSuppressions,
      tenants: Tenants,
      clock: Clock,
      database: Database,
      metrics: Metrics,
    ) =>
      new RunImports(imports, customers, choices, suppressions, tenants, clock, {
        isAlone: database.embedded,
        onRows: (kind, outcome, count) => metrics.importRows(kind, outcome, count),
      }),
  },
  wire(ExportRecords, [CustomerStore, SuppressionStore, MessageStore]),
];
