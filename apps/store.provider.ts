import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type mongoose from 'mongoose';
import { Database } from './database.js';

/** A store on the one connection, with its indexes made before anybody uses it. */
export function store<Rest extends unknown[], T extends { createIndexes(): Promise<void> }>(
  Class: new (connection: mongoose.Connection, ...rest: Rest) => T,
  rest: { [Index in keyof Rest]: InjectionToken },
): FactoryProvider<T> {
  return {
    provide: Class,
    inject: [Database, ...rest],
    useFactory: async (database: Database, ...deps: unknown[]) => {
      const made = new Class(database.connection, ...(deps as Rest));
      await database.makeIndexes(made);
      return made;
    },
  };
}
