import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import type { Log } from './handling.js';

/** A connection to the brokers whose log is ours. Idle until something connects through it. */
export function kafkaClient(
  brokers: readonly string[],
  clientId: string,
  log: Log,
  more?: Partial<KafkaConfig>,
): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    // A consumer that has crashed starts again after the last pause: kafkajs' own 30 s would outlast most restarts of a broker.
    retry: { initialRetryTime: 300, maxRetryTime: 3_000, retries: 6 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      // Our own handlers never throw into kafkajs, so its messages speak of brokers and groups only.
      const { message, timestamp: _at, logger: _logger, stack: _stack, ...about } = entry.log;
      // A broker's own refusal ("not the leader yet") is thrown to who asked, who tries again or says so; a send that
      // fails so, kafkajs tries again itself.
      const isOwnFault =
        entry.level === logLevel.ERROR && !/^(Response |Failed to send messages: )/.test(message);
      if (isOwnFault) log.error({ kafka: entry.namespace, ...about }, message);
      else log.warn({ kafka: entry.namespace, ...about }, message);
    },
    ...more,
  });
}

const LOST = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSBrokerNotFound',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
]);

/** Whether an error says that Kafka is not there now: a part of the owner's `isOutage`. */
export function isKafkaOutage(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, retriable } = error as { name?: unknown; retriable?: unknown };
  return typeof name === 'string' && name.startsWith('KafkaJS') && (LOST.has(name) || retriable === true);
}
